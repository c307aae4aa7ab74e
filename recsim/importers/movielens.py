"""MovieLens in all its layouts: 100K (u.data), 1M and 10M (ratings.dat), latest and 20M to 32M (ratings.csv)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from recsim.errors import BadInput
from recsim.importers.catalogue import CATEGORY, NAME, products_of, with_missing
from recsim.importers.fields import PRODUCT, TIME, USER, Field, choose
from recsim.importers.files import LogFile, open_log
from recsim.importers.intake import take
from recsim.importers.locate import any_format, first_match, needed
from recsim.importers.log import CATALOGUE, LOG, USERS, Found, Importer, Intake, Log

STARS = Field("stars", "number", ("rating",), low=0.5, high=5.0)
AGE = Field("age", "number", (), required=False, low=0.0, high=130.0)
FIELDS = (USER, PRODUCT, STARS, TIME)

GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The flag columns of u.item, in its order (the u.genre file of MovieLens 100K)."""

NO_GENRE = "(no genres listed)"

RATINGS = ("u.data", "ratings.dat", *any_format("ratings"))
MOVIES = ("u.item", "movies.dat", *any_format("movies", "items"))
PEOPLE = ("u.user", "users.dat", *any_format("users"))


def find(source: Path) -> Found:
    """Ratings, and where they stand beside them, movies and users."""
    log = needed(source, RATINGS, "MovieLens", "u.data, ratings.dat, ratings.csv or ratings.parquet")
    movies, people = first_match(log.parent, MOVIES), first_match(log.parent, PEOPLE)
    files = {LOG: (log,), CATALOGUE: (movies,) if movies else (), USERS: (people,) if people else ()}
    folds = first_match(log.parent, any_format("test_folds"))
    return Found(source, files, (f"{folds.name} was left aside: folds for rating prediction",) if folds else ())


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Ratings as reviews without text; movies as products with their genres; users with their age."""
    file = _open(found.of(LOG)[0], ("user", "item", "rating", "timestamp"))
    ratings = take(file, choose(file, FIELDS, mapping, "movielens"))
    movies = [_movies(path) for path in found.of(CATALOGUE)]
    people = [_people(path) for path in found.of(USERS)]
    nothing = {name: pl.lit(None, pl.String) for name in ("title", "text")}
    counts = {name: pl.lit(None, pl.Int32) for name in ("up_votes", "down_votes")}
    return Log(
        (ratings, *(intake for intake, _ in (*movies, *people))),
        reviews=ratings.frame.drop("record").with_columns(**nothing, **counts, verified=pl.lit(None, pl.Boolean)),
        products=movies[0][1] if movies else None,
        users=people[0][1] if people else None,
    )


def _open(path: Path, names: tuple[str, ...]) -> LogFile:
    """`.dat`, `.data`, `.item` and `.user` files have no header: `names` are their columns, in Latin-1."""
    suffix = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
    delimiter = {"dat": "::", "data": "\t", "item": "|", "user": "|"}.get(suffix)
    if delimiter is None:
        return open_log(path)
    file = open_log(path, names=names, delimiter=delimiter, encoding="latin-1")
    with path.open("rb") as stream:
        cells = len(stream.readline().split(delimiter.encode()))
    if cells != len(names):
        raise BadInput(
            f'{path} has {cells} fields in its first line instead of {len(names)}, split at "{delimiter}"; '
            "it is not the MovieLens file of that name: get it again, or import it as interactions."
        )
    return file


def _movies(path: Path) -> tuple[Intake, pl.DataFrame]:
    of_100k = ("item", "title", "release", "video_release", "url", *GENRES)
    file = _open(path, of_100k if path.name == "u.item" else ("item", "title", "genres"))
    flags = tuple(Field(genre, "text", required=False) for genre in GENRES) if path.name == "u.item" else ()
    intake = take(file, choose(file, (PRODUCT, NAME, CATEGORY, *flags), {}, "movielens"), CATALOGUE, unique=False)
    frame = with_missing(intake.frame.rename({"product": "key"}), ["category"])
    if flags:
        marked = [pl.when(pl.col(genre) == "1").then(pl.lit(genre)) for genre in GENRES]
        frame = frame.with_columns(pl.concat_str(marked, separator="|", ignore_nulls=True).alias("category"))
    return intake, products_of(frame.with_columns(pl.col("category").replace(NO_GENRE, None)))


def _people(path: Path) -> tuple[Intake, pl.DataFrame]:
    of_1m, of_100k = ("user", "gender", "age", "occupation", "zip"), ("user", "age", "gender", "occupation", "zip")
    file = _open(path, of_1m if path.name == "users.dat" else of_100k)
    intake = take(file, choose(file, (USER, AGE), {}, "movielens"), USERS, unique=False)
    people = intake.frame.rename({"user": "key"}).drop("record").unique("key", keep="first", maintain_order=True)
    return intake, people


IMPORTER = Importer(
    kind="movielens",
    summary="movie ratings: ml-100k, ml-1m, ml-10m, ml-latest, ml-20m to ml-32m",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

"""Reviews with stars, text and votes: Amazon 2014 (json.gz) and 2023 (jsonl.gz), or a table of the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from recsim.importers.catalogue import take_catalogue, with_missing
from recsim.importers.fields import PRODUCT, TIME, USER, Field, choose
from recsim.importers.files import SUFFIXES, format_of, open_log
from recsim.importers.intake import take
from recsim.importers.locate import any_format, first_match, needed
from recsim.importers.log import CATALOGUE, LOG, Found, Importer, Log

STARS = Field("stars", "number", ("overall", "rating"), low=0.5, high=5.0)
TITLE = Field("title", "text", ("summary", "headline"), required=False)
TEXT = Field("text", "text", ("reviewtext", "review_text", "body", "review"), required=False)
VERIFIED = Field("verified", "flag", ("verified_purchase",), required=False)
UP = Field("up_votes", "text", ("helpful_up", "helpful_vote", "vote"), required=False)
TOTAL = Field("total_votes", "text", ("helpful_total",), required=False)
HELPFUL = Field("helpful", "text", required=False)
"""Amazon 2014: `[helpful, all]` votes."""

FIELDS = (USER, PRODUCT, STARS, TIME, TITLE, TEXT, VERIFIED, UP, TOTAL, HELPFUL)
ANY = tuple(f"*{suffix}{packed}" for suffix, kind in SUFFIXES.items() if kind == "jsonl" for packed in (".gz", ""))


def find(source: Path) -> Found:
    """The reviews, and the catalogue (`meta_*.jsonl`, `products.*`) beside them."""
    if source.is_dir():
        catalogue = first_match(source, ("meta_*.jsonl*", "meta_*.ndjson*", *any_format("products", "items")))
        meta_2014 = first_match(source, ("meta_*.json", "meta_*.json.gz"))
        patterns = (*any_format("reviews", "reviews_*", "*_5", "*_core"), *ANY)
        log = needed(
            source,
            [pattern for pattern in patterns if _is_review(source, pattern)],
            "reviews",
            "reviews.*, *.json.gz, *.jsonl.gz",
        )
        notes = (f"{meta_2014.name} was left aside: it is written in Python, not in JSON",) if meta_2014 else ()
        return Found(source, {LOG: (log,), CATALOGUE: (catalogue,) if catalogue else ()}, notes)
    return Found(source, {LOG: (source,)})


def _is_review(source: Path, pattern: str) -> bool:
    match = first_match(source, (pattern,))
    return match is not None and not match.name.lower().startswith("meta") and format_of(match) is not None


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Reviews, each with its submit_review event; helpful votes as totals, since the log doesn't say who voted when."""
    file = open_log(found.of(LOG)[0])
    intake = take(file, choose(file, FIELDS, mapping, "reviews"))
    intakes, products = [intake], None
    for path in found.of(CATALOGUE):
        beside, products = take_catalogue(open_log(path), {}, "reviews")
        intakes.append(beside)
    return Log(tuple(intakes), reviews=_with_votes(intake.frame), products=products)


def _with_votes(frame: pl.DataFrame) -> pl.DataFrame:
    """`up_votes` and `down_votes` from whichever columns hold them; null where the log does not say."""
    frame = with_missing(frame, ("title", "text", "up_votes", "total_votes", "helpful"))
    if "verified" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Boolean).alias("verified"))
    pair = pl.col("helpful").str.extract_all(r"\d+")
    up = pl.coalesce(_count("up_votes"), pair.list.get(0, null_on_oob=True).cast(pl.Int32, strict=False))
    total = pl.coalesce(_count("total_votes"), pair.list.get(1, null_on_oob=True).cast(pl.Int32, strict=False))
    counted = frame.with_columns(up.alias("up_votes"), total.alias("total"))
    down = pl.col("total") - pl.col("up_votes")
    return counted.select(
        "user", "product", "ts", "stars", "title", "text", "verified", "up_votes",
        pl.when(down >= 0).then(down).alias("down_votes"),
    )  # fmt: skip


def _count(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(",", "").cast(pl.Float64, strict=False).cast(pl.Int32, strict=False)


IMPORTER = Importer(
    kind="reviews",
    summary="product reviews with stars, text and votes: Amazon 2014 and 2023, or a table",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

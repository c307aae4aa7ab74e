"""Recommendations made elsewhere: CSV, Parquet, JSON lines, or a TREC run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.lists import Lists
from recsim.runs import sha256_of

_NAMES = {
    "user": ("user", "user_id", "userid", "uid", "u", "q_id", "qid", "query_id", "query", "topic"),
    "product": ("product", "product_id", "productid", "item", "item_id", "itemid", "iid", "i", "doc_id", "docno"),
    "score": ("score", "prediction", "rating", "sim", "relevance"),
    "rank": ("rank", "position", "pos"),
}
_TREC = ("user", "q0", "product", "rank", "score", "tag")


@dataclass(frozen=True)
class Recommendations:
    """A file's lists for the users and products of a world.

    `users`, `products`: int64[n], -1 where the world knows no such id; `scores` float64[n]; in the file's order of
    ranks. `facts`: rows read, and rows with an id that the world does not know.
    """

    name: str
    path: Path
    sha256: str
    users: NDArray[np.int64]
    products: NDArray[np.int64]
    scores: NDArray[np.float64]
    facts: Mapping[str, int]

    def lists(self, cases: NDArray[np.int64], depth: int) -> Lists:
        """The first `depth` products of each case (a user); a user the file says nothing of has an empty list."""
        out = Lists.empty(cases, depth)
        known = (self.users >= 0) & (self.products >= 0)
        users = self.users[known]
        order = np.argsort(users, kind="stable")
        users = users[order]
        rank = np.arange(len(users)) - np.searchsorted(users, users)
        row = np.searchsorted(cases, users)
        row[row == len(cases)] = 0
        kept = (rank < depth) & (cases[row] == users) if len(cases) else np.zeros(len(users), np.bool_)
        out.products[row[kept], rank[kept]] = self.products[known][order][kept]
        out.scores[row[kept], rank[kept]] = self.scores[known][order][kept]
        return out


def read_recommendations(text: str, world: Dataset) -> Recommendations:
    """Read `NAME=FILE` or `FILE`; raises `BadInput` for a file that holds no recommendations for this world."""
    name, equals, rest = text.partition("=")
    path = Path(rest if equals else text)
    if not path.is_file():
        raise BadInput(f"--recommendations {text}: there is no file {path}.")
    label = name if equals else path.name.removesuffix(".gz").rsplit(".", 1)[0]
    frame = _ordered(_columns(_read(path), path), path)
    users = _ids(frame["user"], world, "users", "user_id", "user")
    products = _ids(frame["product"], world, "products", "product_id", "prod")
    facts = {
        "rows": len(frame),
        "rows_with_unknown_user": int((users < 0).sum()),
        "rows_with_unknown_product": int((products < 0).sum()),
    }
    if not ((users >= 0) & (products >= 0)).any():
        unknown, column = ("user", frame["user"]) if (users < 0).all() else ("product", frame["product"])
        raise BadInput(
            f'{path}: no row names a {unknown} of world {world.name} (the first is "{column[0]}"); '
            f"ids are the keys of the imported log, or the numbers of the world's tables."
        )
    return Recommendations(label, path, sha256_of(path), users, products, frame["score"].to_numpy(), facts)


def _read(path: Path) -> pl.DataFrame:
    suffix = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    try:
        if suffix == "parquet":
            return pl.read_parquet(path)
        if suffix in ("jsonl", "ndjson"):
            return pl.read_ndjson(path)
        first = pl.read_csv(path, n_rows=1, has_header=False, separator="\n", quote_char=None, infer_schema=False)
        head = str(first.item(0, 0)) if len(first) else ""
        if len(head.split()) == len(_TREC) and head.split()[1].upper() in ("Q0", "0"):
            return _trec(path)
        mark = max("\t,;|", key=head.count)
        return pl.read_csv(path, separator=mark, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise BadInput(f"{path} can't be read as recommendations ({reason}).") from None


def _trec(path: Path) -> pl.DataFrame:
    lines = pl.read_csv(
        path, has_header=False, separator="\n", quote_char=None, infer_schema=False, new_columns=["line"]
    )
    fields = lines.select(pl.col("line").str.extract_all(r"\S+").alias("fields"))
    bad = fields.with_row_index().filter(pl.col("fields").list.len() != len(_TREC))
    if len(bad):
        raise BadInput(f"{path} line {bad['index'][0] + 1} is no line of a TREC run: topic Q0 product rank score tag.")
    return fields.select(pl.col("fields").list.get(at).alias(name) for at, name in enumerate(_TREC))


def _columns(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Columns user, product and score or rank or both; raises `BadInput` naming those that lack."""
    found = {}
    lower = {name.strip().lower().split(":")[0]: name for name in frame.columns}
    for column, aliases in _NAMES.items():
        name = next((lower[alias] for alias in aliases if alias in lower), None)
        if name is not None:
            found[column] = frame[name].alias(column)
    if "user" not in found or "product" not in found or not ("score" in found or "rank" in found):
        raise BadInput(
            f"{path} has the columns {', '.join(frame.columns[:8])}; recommendations need user, item (or product), "
            "and score or rank."
        )
    if not len(frame):
        raise BadInput(f"{path} holds no recommendations.")
    return pl.DataFrame(list(found.values()))


def _ordered(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """By user as text, best first: by score, then rank, then the order of the file. Without scores, by rank."""
    for name in ("score", "rank"):
        if name in frame.columns:
            number = frame[name].cast(pl.Float64, strict=False)
            bad = number.is_null() | number.is_nan()
            if bad.any():
                at = int(bad.arg_true()[0])
                raise BadInput(f'{path} row {at + 1}: {name} "{frame[name][at]}" is no number.')
            frame = frame.with_columns(number.alias(name))
    if "score" not in frame.columns:
        frame = frame.with_columns((-pl.col("rank")).alias("score"))
    keys = ["score", *(["rank"] if "rank" in frame.columns else [])]
    return frame.sort(keys, descending=[True, *([False] if len(keys) > 1 else [])], maintain_order=True)


def _ids(column: pl.Series, world: Dataset, table: str, number: str, prefix: str) -> NDArray[np.int64]:
    """Numbers in the world: by key where the world has keys, else as numbers, bare or as in `user12`; -1 unknown."""
    text = column.cast(pl.String).str.strip_chars()
    size = world.users if table == "users" else world.products
    keys = world.frame(table, columns=[number, "key"]).drop_nulls() if world.has(table) else None
    if keys is not None and len(keys):
        known = pl.DataFrame({"key": text}).join(keys, on="key", how="left", maintain_order="left")
        return known[number].fill_null(-1).to_numpy().astype(np.int64)
    found = text.str.strip_prefix(prefix).cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    return np.where((found >= 0) & (found < size), found, -1).astype(np.int64)

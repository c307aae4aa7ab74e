"""Text files of lines "user item item …", as the LightGCN and NGCF data sets are published."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from recsim.importers.files import HEAD_BYTES, lines, open_bytes, unreadable
from recsim.importers.intake import EXAMPLES, distinct_rows
from recsim.importers.log import LOG, Intake, Refused

_LINE = re.compile(rb"\s*\d+( +\d+)*\s*")
_WHOLE = r"^\d+$"


def is_adjacency(path: Path) -> bool:
    """Whether a text file starts with a line of nothing but whole numbers with blanks between."""
    if path.name.removesuffix(".gz").rsplit(".", 1)[-1] != "txt":
        return False
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from None
    first = head.split(b"\n", 1)[0]
    return bool(_LINE.fullmatch(first)) or (len(head) == HEAD_BYTES and re.fullmatch(rb"[\d ]+", first) is not None)


def take_adjacency(path: Path) -> Intake:
    """One row a (user, item) pair: columns user, product. A line with a user alone has no rows."""
    kept: list[pl.DataFrame] = []
    examples: list[Refused] = []
    read = refused = 0
    try:
        for block in lines(path):
            tokens = block.select("line", pl.col("text").str.extract_all(r"\S+").alias("tokens"))
            pairs = tokens.select("line", pl.col("tokens").list.first().alias("user"), pl.col("tokens").list.slice(1))
            pairs = pairs.explode("tokens").drop_nulls("tokens").rename({"tokens": "product"})
            bad = ~pairs["product"].str.contains(_WHOLE) | ~pairs["user"].str.contains(_WHOLE)
            read += pairs.height
            refused += int(bad.sum())
            for line, user, product in pairs.filter(bad).head(EXAMPLES - len(examples)).iter_rows():
                reason = f'"{user} … {product}" is not a pair of whole numbers'
                examples.append(Refused(path.name, line, reason))
            kept.append(pairs.filter(~bad).select("user", "product"))
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from None
    frame = pl.concat(kept) if kept else pl.DataFrame(schema={"user": pl.String, "product": pl.String})
    distinct = distinct_rows(frame, ["user", "product"])
    return Intake(path, LOG, distinct, read, refused, frame.height - distinct.height, tuple(examples))

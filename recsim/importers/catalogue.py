"""Product tables beside a log: title, brand, category path, text, price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from recsim.importers.fields import PRODUCT, Field, choose
from recsim.importers.files import LogFile
from recsim.importers.intake import take
from recsim.importers.log import CATALOGUE, Intake

NAME = Field("name", "text", ("title", "product_title", "product_name"), required=False)
BRAND = Field("brand", "text", ("product_brand", "store"), required=False)
CATEGORY = Field("category", "text", ("genres", "categories", "main_category"), required=False)
DESCRIPTION = Field("description", "text", ("product_description",), required=False)
BULLETS = Field("bullets", "text", ("bullet_points", "product_bullet_point", "features"), required=False)
PRICE = Field("price_usd", "text", ("price", "unitprice", "unit_price"), required=False)
FIELDS = (PRODUCT, NAME, BRAND, CATEGORY, DESCRIPTION, BULLETS, PRICE)

SEPARATORS = r"\s*(?:>|\|)\s*"
LISTED = r'"(?:[^"\\]|\\.)*"'
"""One item of a JSON list of texts."""


def take_catalogue(file: LogFile, mapping: Mapping[str, str], kind: str) -> tuple[Intake, pl.DataFrame]:
    """The file's account, and its products: key, name, brand, category, description, price_usd. First row of a key."""
    intake = take(file, choose(file, FIELDS, mapping, kind), CATALOGUE, unique=False)
    return intake, products_of(intake.frame.rename({"product": "key"}))


def products_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Product columns from text columns: empty texts are none, a price keeps its number, a path is a list."""
    frame = with_missing(frame, [field.name for field in FIELDS[1:]])
    path = _items("category").list.join("|").str.replace_all(SEPARATORS, "|").str.split("|")
    words = [_items(name).list.join("\n") for name in ("bullets", "description")]
    chosen = frame.select(
        "key",
        _text("name"),
        _text("brand"),
        path.list.eval(_nonempty()).alias("category"),
        pl.concat_str(words, separator="\n", ignore_nulls=True).str.strip_chars().alias("description"),
        pl.col("price_usd").str.replace_all(",", "").str.extract(r"(\d+(?:\.\d+)?)").cast(pl.Float64, strict=False),
    )
    distinct = chosen.unique("key", keep="first", maintain_order=True)
    return distinct.with_columns(_text("description"))


def with_missing(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The frame with a null text column for each name it lacks."""
    return frame.with_columns([pl.lit(None, pl.String).alias(name) for name in names if name not in frame.columns])


def _items(name: str) -> pl.Expr:
    """A text as a list of one, and the text of a JSON list (`["Toys", "Kites"]`) as its items."""
    quoted = pl.col(name).str.extract_all(LISTED).list.eval(pl.element().str.slice(1, pl.element().str.len_chars() - 2))
    plain = quoted.list.eval(pl.element().str.replace_all('\\"', '"', literal=True))
    return pl.when(pl.col(name).str.contains(r"^\[.*\]$")).then(plain).otherwise(pl.concat_list(name))


def _text(name: str) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _nonempty() -> pl.Expr:
    return pl.element().filter(pl.element() != "")

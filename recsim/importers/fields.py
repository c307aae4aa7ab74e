"""What a column of a log may hold, under which names it is looked for, and what makes a value unusable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from recsim.errors import BadInput
from recsim.importers.files import LogFile
from recsim.importers.times import LATEST_US, TimeReader
from recsim.registry import did_you_mean

MISSING = ("", "NA", "NaN", "nan", "NULL", "null", "None")
"""Texts that stand for no value where a key or a number is wanted."""

EVENT_SYNONYMS = {
    "view_product": (
        "view",
        "view_product",
        "click",
        "clicks",
        "clk",
        "pv",
        "detail",
        "item_view",
        "product_view",
        "pageview",
    ),
    "add_to_cart": ("add_to_cart", "addtocart", "add-to-cart", "cart", "carts", "basket", "add to cart"),
    "purchase": ("purchase", "transaction", "buy", "order", "orders", "sale", "checkout", "ordered", "purchased"),
    "upvote": ("upvote", "like", "up"),
    "downvote": ("downvote", "dislike", "down"),
    "search_query": ("search_query", "search", "query"),
    "session_start": ("session_start",),
    "session_end": ("session_end",),
    "submit_review": ("submit_review", "review", "rating", "rate"),
}
"""Event type → the words for it in logs, in lower case."""

SPLIT_SYNONYMS = {
    "train": ("train", "training"),
    "validation": ("validation", "validate", "valid", "val", "dev"),
    "test": ("test", "testing", "holdout"),
}
"""Split → the words for it in data sets, in lower case."""


def _by_word(synonyms: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {word: name for name, words in synonyms.items() for word in words}


WORDS = {
    "event type": _by_word(EVENT_SYNONYMS),
    "split": _by_word(SPLIT_SYNONYMS),
    "device": _by_word(
        {
            "mobile": ("mobile", "phone", "tablet", "app", "ios", "android", "iphone", "ipad"),
            "web": ("web", "desktop", "pc", "browser", "computer", "laptop"),
        }
    ),
    "grade": _by_word(
        {"1": ("e", "exact"), "0.1": ("s", "substitute"), "0.01": ("c", "complement"), "0": ("i", "irrelevant")}
    ),
}
"""Kind of field → word → what it means. The gains of grades are those of the ESCI shopping-queries benchmark
(Reddy et al. 2022, arXiv 2206.06588): exact 1, substitute 0.1, complement 0.01, irrelevant 0."""

TYPES = {kind: pl.Enum(sorted(set(words.values()))) for kind, words in WORDS.items()}
"""Kind of field → the type its values get: one byte each."""

NEEDS_PRODUCT = ("view_product", "add_to_cart", "purchase", "submit_review")
"""Event types that mean nothing without a product."""


@dataclass(frozen=True)
class Field:
    """One thing to find in a file. `low` and `high` bound a number, both allowed.

    `column` is the schema's name of it, which `--map` uses and errors show; by default it is `name`.
    """

    name: str
    kind: Literal["key", "number", "time", "event type", "split", "device", "grade", "text", "flag"]
    aliases: tuple[str, ...] = ()
    required: bool = True
    low: float | None = None
    high: float | None = None
    column: str = ""

    @property
    def public(self) -> str:
        return self.column or self.name

    def names(self) -> tuple[str, ...]:
        """What a column may be called, in lower case, the likeliest first."""
        return tuple(dict.fromkeys((self.name, self.public, *self.aliases)))


USER = Field(
    "user",
    "key",
    ("userid", "visitorid", "visitor_id", "customer_id", "customerid", "reviewerid", "uid"),
    column="user_id",
)
PRODUCT = Field(
    "product",
    "key",
    ("productid", "item", "item_id", "itemid", "movieid", "parent_asin", "asin", "aid", "iid"),
    column="product_id",
)
TIME = Field(
    "ts", "time", ("timestamp", "time", "event_time", "datetime", "unixreviewtime", "date"), column="event_timestamp"
)
EVENT_TYPE = Field("event_type", "event type", ("event", "type", "behavior", "behavior_type", "action"))
ORDER = Field("order", "key", ("transactionid", "transaction_id", "order_id"), required=False, column="reference_id")
SESSION = Field("session", "key", ("session_id", "sessionid", "basket", "basket_id"), required=False)


@dataclass(frozen=True)
class Check:
    """A condition that makes a row unusable; `{value}` in `reason` is the value of `shows` as written."""

    bad: pl.Expr
    reason: str
    shows: str


def choose(file: LogFile, fields: Sequence[Field], mapping: Mapping[str, str], kind: str) -> dict[Field, str]:
    """The column of each field: the one `mapping` (column → field) names, else the first that bears a known name."""
    for column in mapping:
        if column not in file.names:
            raise BadInput(f'{file.path} has no column "{column}".{did_you_mean(column, file.names)}')
    wanted = {field: column for column, name in mapping.items() for field in fields if field.public == name}
    lower = {name.lower(): name for name in reversed(file.names)}
    for field in fields:
        found = next((lower[name.lower()] for name in field.names() if name.lower() in lower), None)
        if field not in wanted and found is not None and found not in mapping:
            wanted[field] = found
    for field in fields:
        if field.required and field not in wanted:
            raise BadInput(
                f"{file.path} has no column for {field.public} (looked for {', '.join(field.names())}; it has "
                f"{', '.join(file.names)}); name it with --map COLUMN={field.public}, if this is {kind} data at all."
            )
    return wanted


def parsed(field: Field, dtype: pl.DataType, reader: TimeReader | None) -> pl.Expr:
    """The typed value of a field; null where it can't be had."""
    raw = pl.col(field.name)
    if field.kind == "time":
        assert reader is not None
        return reader.to_us(raw)
    if field.kind == "number":
        return (raw.str.strip_chars() if dtype == pl.String else raw).cast(pl.Float64, strict=False)
    if field.kind in WORDS:
        words = raw.cast(pl.String).str.strip_chars().str.to_lowercase()
        return words.replace_strict(WORDS[field.kind], default=None, return_dtype=TYPES[field.kind])
    if field.kind == "flag":
        return raw.cast(pl.String).str.to_lowercase().is_in(["true", "1", "yes", "y"])
    text = raw.cast(pl.String).str.strip_chars()
    return pl.when(text.is_in(MISSING)).then(None).otherwise(text) if field.kind == "key" else text


def checks(field: Field) -> list[Check]:
    """What makes a value of a field unusable, the gravest first. Expressions see `name` (parsed) and `raw:name`."""
    value, raw, name = pl.col(field.name), pl.col(f"raw:{field.name}"), field.public
    if field.kind in ("text", "flag"):
        return []
    absent = raw.is_null() if field.kind != "key" else value.is_null()
    found = [Check(absent, f"no {name}", field.name)] if field.required else []
    if field.kind == "time":
        found += [
            Check(value.is_null() & raw.is_not_null(), f'{name} "{{value}}" is not a time', field.name),
            Check(value < 0, f"{name} {{value}} is before 1970", field.name),
            Check(value >= LATEST_US, f"{name} {{value}} is after 2100", field.name),
        ]
    if field.kind == "number":
        blank = raw.cast(pl.String).str.strip_chars().is_in(MISSING)
        wrong = value.is_null() & raw.is_not_null() & (pl.lit(field.required) | ~blank)
        found.append(
            Check(wrong | value.is_nan() | value.is_infinite(), f'{name} "{{value}}" is not a number', field.name)
        )
        low = float("-inf") if field.low is None else field.low
        high = float("inf") if field.high is None else field.high
        found.append(
            Check(
                (value < low) | (value > high), f"{name} {{value}} is outside {field.low} to {field.high}", field.name
            )
        )
    if field.kind in WORDS:
        found.append(Check(value.is_null() & raw.is_not_null(), f'unknown {field.kind} "{{value}}"', field.name))
    return found

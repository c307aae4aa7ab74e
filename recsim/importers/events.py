"""Any event log in one table, its columns named by `--map column=field`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from recsim.errors import BadInput
from recsim.importers import catalogue
from recsim.importers.fields import (
    EVENT_TYPE,
    NEEDS_PRODUCT,
    ORDER,
    PRODUCT,
    SESSION,
    TIME,
    USER,
    WORDS,
    Check,
    Field,
    choose,
)
from recsim.importers.files import LogFile, open_log
from recsim.importers.intake import take
from recsim.importers.locate import listing, tables_in
from recsim.importers.log import LOG, Found, Importer, Log
from recsim.registry import did_you_mean

DEVICE = Field("device", "device", required=False)
TENANT = Field("tenant", "text", required=False)
REGION = Field("region", "text", ("country",), required=False)
AGE = Field("age", "number", required=False, low=0.0, high=130.0)
OF_PRODUCT = tuple(
    Field(field.name, field.kind, required=False)
    for field in (catalogue.NAME, catalogue.BRAND, catalogue.CATEGORY, catalogue.DESCRIPTION, catalogue.PRICE)
)
FIELDS = (USER, PRODUCT, EVENT_TYPE, TIME, SESSION, ORDER, DEVICE, TENANT, REGION, AGE, *OF_PRODUCT)

LITERAL = "literal:"
"""`--map literal:purchase=event_type`: every row has this value, since no column says it."""

LITERALS = {"event_type": "event type", "device": "device", "tenant": "tenant"}


def find(source: Path) -> Found:
    """The file, or the only table of a directory."""
    if source.is_file():
        return Found(source, {LOG: (source,)})
    tables = tables_in(source)
    if len(tables) != 1:
        raise BadInput(f"{source} holds {len(tables)} tables ({listing(source)}); name the one file of events.")
    return Found(source, {LOG: (tables[0],)})


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Events as mapped. What a row says of its product and user is taken from their first row that says it."""
    file = open_log(found.of(LOG)[0])
    fixed = {field: _literal(column, field) for column, field in mapping.items() if column.startswith(LITERAL)}
    columns = {column: field for column, field in mapping.items() if not column.startswith(LITERAL)}
    chosen = _chosen(file, fixed, columns)
    also = [] if "event_type" in fixed else [_product_is_there()]
    intake = take(file, chosen, also=also)
    frame = intake.frame.with_columns([pl.lit(value).alias(name) for name, value in fixed.items()])
    kept = [name for name in EVENT_COLUMNS if name in frame.columns]
    return Log((intake,), events=frame.select(kept), products=_products(frame), users=_users(frame))


EVENT_COLUMNS = ("user", "product", "event_type", "ts", "session", "order", "device", "tenant")


def _chosen(file: LogFile, fixed: Mapping[str, str], columns: Mapping[str, str]) -> dict[Field, str]:
    """Columns of the fields that are not fixed. Attributes of users and products only where they were mapped."""
    needless = "event_type" in fixed and fixed["event_type"] not in NEEDS_PRODUCT
    asked = set(columns.values())
    fields = [
        replace(field, required="event_type" in fixed and not needless) if field is PRODUCT else field
        for field in FIELDS
        if field.name not in fixed and (field not in (REGION, AGE, *OF_PRODUCT) or field.public in asked)
    ]
    chosen = choose(file, fields, columns, "events")
    if not needless and not any(field.name == "product" for field in chosen):
        choose(file, (PRODUCT,), columns, "events")
    # Where sessions have names, a row without one is a bad row.
    return {replace(field, required=field.required or field is SESSION): column for field, column in chosen.items()}


def _product_is_there() -> Check:
    missing = pl.col("product").is_null() & pl.col("event_type").is_in(NEEDS_PRODUCT)
    return Check(missing, "no product_id", "product")


def _literal(column: str, field: str) -> str:
    value = column.removeprefix(LITERAL)
    if field not in LITERALS:
        raise BadInput(
            f"--map {column}={field}: only {', '.join(LITERALS)} can be the same on every row; "
            "name a column of the file."
        )
    if field == "tenant":
        return value
    words = WORDS[LITERALS[field]]
    if value.lower() not in words:
        raise BadInput(
            f'"{value}" is no {LITERALS[field]}, in --map {column}={field}.{did_you_mean(value, set(words.values()))}'
        )
    return words[value.lower()]


def _products(frame: pl.DataFrame) -> pl.DataFrame | None:
    names = [field.name for field in OF_PRODUCT if field.name in frame.columns]
    if not names:
        return None
    return catalogue.products_of(_first_said(frame, "product", names))


def _users(frame: pl.DataFrame) -> pl.DataFrame | None:
    names = [name for name in ("region", "age") if name in frame.columns]
    return _first_said(frame, "user", names) if names else None


def _first_said(frame: pl.DataFrame, key: str, names: Sequence[str]) -> pl.DataFrame:
    """For each key the first value in time of each column."""
    ordered = frame.drop_nulls(key).sort("ts", *names)
    said = [pl.col(name).drop_nulls().first() for name in names]
    return ordered.group_by(key).agg(said).rename({key: "key"}).sort("key")


IMPORTER = Importer(
    kind="events",
    summary="any event log in one table, with --map column=field",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

"""Plain user-item data: pairs with or without values, times, baskets and splits, and "user item item …" lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from recsim.importers.adjacency import is_adjacency, take_adjacency
from recsim.importers.catalogue import take_catalogue
from recsim.importers.fields import PRODUCT, SESSION, TIME, USER, Field, choose
from recsim.importers.files import open_log
from recsim.importers.intake import take
from recsim.importers.locate import any_format, first_match
from recsim.importers.log import CATALOGUE, LOG, Found, Importer, Intake, Log
from recsim.importers.splits import as_interactions, split_files, split_of

VALUE = Field("value", "number", ("rating", "count", "weight", "plays", "overall"), required=False, low=0.0)
POSITION = Field("position", "number", ("pos", "rank", "step"), required=False, low=0.0)
SPLIT = Field("split", "split", ("fold",), required=False)
FIELDS = (
    replace(USER, aliases=(*USER.aliases, "u")),
    replace(PRODUCT, aliases=(*PRODUCT.aliases, "i")),
    VALUE,
    replace(TIME, required=False),
    SESSION,
    POSITION,
    SPLIT,
)
UNUSED = ("also_buy", "also_view")


def find(source: Path) -> Found:
    """Train, validation and test files, or the only table; with the catalogue (`item_meta`, `items`) beside."""
    files = split_files(source, "interactions")
    catalogue = first_match(source, any_format("item_meta", "items")) if source.is_dir() else None
    beside = (catalogue,) if catalogue is not None and catalogue not in files else ()
    return Found(source, {LOG: tuple(files), CATALOGUE: beside})


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Interactions of all splits; no events, since a pair does not say what the user did."""
    intakes: list[Intake] = []
    parts: list[pl.DataFrame] = []
    for path in found.of(LOG):
        intakes.append(_take(path, mapping))
        parts.append(as_interactions(intakes[-1].frame, split_of(path)))
    products, notes = None, []
    for path in found.of(CATALOGUE):
        file = open_log(path)
        intake, products = take_catalogue(file, {}, "interactions")
        intakes.append(intake)
        notes = [f"{path.name}: {name} was left aside" for name in UNUSED if name in file.names]
    return Log(tuple(intakes), interactions=pl.concat(parts), products=products, notes=tuple(notes))


def _take(path: Path, mapping: Mapping[str, str]) -> Intake:
    if is_adjacency(path):
        return take_adjacency(path)
    file = open_log(path)
    return take(file, choose(file, FIELDS, mapping, "interactions"))


IMPORTER = Importer(
    kind="interactions",
    summary="user-item pairs, with the data set's own splits: LightGCN text, CSV, Parquet, baskets",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

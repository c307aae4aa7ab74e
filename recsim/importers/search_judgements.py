"""Human relevance judgements for search: the Amazon shopping queries (ESCI) files, or a table of the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from recsim.importers.catalogue import FIELDS as PRODUCT_FIELDS
from recsim.importers.catalogue import products_of
from recsim.importers.fields import PRODUCT, Field, choose
from recsim.importers.files import LogFile, open_log
from recsim.importers.intake import take
from recsim.importers.locate import any_format, first_match, needed
from recsim.importers.log import CATALOGUE, LOG, Found, Importer, Intake, Log

QUERY = Field("query", "key", ("search", "query_text", "keywords"), column="text")
LABEL = Field("label", "text", ("esci_label", "relevance_label", "grade"), required=False)
GRADE = Field("grade", "grade", ("esci_label", "label"))
GAIN = Field("gain", "number", ("gain100", "relevance", "rating"), required=False, low=0.0)
LOCALE = Field("locale", "text", ("product_locale",), required=False)
FIELDS = (QUERY, PRODUCT, GAIN, LABEL, LOCALE)

JUDGEMENTS = any_format("judgments", "judgements", "shopping_queries_dataset_examples", "qrels")
PRODUCTS = any_format("products", "shopping_queries_dataset_products")


def find(source: Path) -> Found:
    """Judgements, and the products they are about where a file of them stands beside."""
    log = needed(source, JUDGEMENTS, "search-judgements", "judgments.* or shopping_queries_dataset_examples.parquet")
    products = first_match(source, PRODUCTS) if source.is_dir() else None
    return Found(source, {LOG: (log,), CATALOGUE: (products,) if products else ()})


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Judgements with gains; all products, the unjudged ones too. There are no users and no times."""
    file = open_log(found.of(LOG)[0])
    intake = _take(file, mapping)
    several = "locale" in intake.frame.columns and intake.frame["locale"].n_unique() > 1
    intakes, products = [intake], None
    for path in found.of(CATALOGUE):
        file_of_products = open_log(path)
        fields = (*PRODUCT_FIELDS, LOCALE)
        beside = take(file_of_products, choose(file_of_products, fields, {}, "products"), CATALOGUE, unique=False)
        intakes.append(beside)
        products = products_of(_by_locale(beside.frame, several=several).rename({"product": "key"}))
    return Log(tuple(intakes), judgements=_judgements(intake.frame, file, several=several), products=products)


def _take(file: LogFile, mapping: Mapping[str, str]) -> Intake:
    """With a gain a row where the file has one; else the grade of its label must be a known one."""
    chosen = choose(file, FIELDS, mapping, "search-judgements")
    if GAIN in chosen:
        graded = {replace(GAIN, required=True): chosen.pop(GAIN)}
    else:
        named = {chosen[LABEL]: GRADE.public} if LABEL in chosen else {}
        graded = choose(file, (GRADE,), named, "search-judgements")
    return take(file, {**chosen, **graded})


def _by_locale(frame: pl.DataFrame, *, several: bool) -> pl.DataFrame:
    """In a data set of several locales a product is known by locale and id."""
    return frame.with_columns(pl.format("{}:{}", "locale", "product").alias("product")) if several else frame


def _judgements(frame: pl.DataFrame, file: LogFile, *, several: bool) -> pl.DataFrame:
    gain = pl.col("gain") if "gain" in frame.columns else pl.col("grade").cast(pl.String).cast(pl.Float64)
    scale = 100.0 if "gain100" in file.names and "gain" not in file.names else 1.0
    label = pl.col("label") if "label" in frame.columns else pl.lit("")
    return _by_locale(frame, several=several).select(
        "query", "product", (gain / scale).alias("gain"), label.fill_null("").alias("label")
    )


IMPORTER = Importer(
    kind="search-judgements",
    summary="queries with judged products: ESCI shopping queries, or a table",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

"""RetailRocket: `events.csv` of the Kaggle data set (view, addtocart, transaction), or the same as Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsim.importers.fields import EVENT_TYPE, ORDER, PRODUCT, TIME, USER, choose
from recsim.importers.files import open_log
from recsim.importers.intake import take
from recsim.importers.locate import any_format, first_match, needed
from recsim.importers.log import HELD_OUT, LOG, Found, Importer, Log
from recsim.importers.splits import as_interactions

FIELDS = (USER, PRODUCT, EVENT_TYPE, TIME, ORDER)
IGNORED = ("item_properties*", "category_tree*")


def find(source: Path) -> Found:
    """The event log and, beside it, held-out purchases (`test_purchase`)."""
    log = needed(source, any_format("events"), "RetailRocket", "events.csv, events.csv.gz or events.parquet")
    held_out = first_match(log.parent, any_format("test_purchase")) if source.is_dir() else None
    notes = [
        f"{path.name} was left aside: item properties are anonymous hashes, which no column of a product can hold"
        for pattern in IGNORED
        for path in sorted(log.parent.glob(pattern))
        if source.is_dir()
    ]
    return Found(source, {LOG: (log,), HELD_OUT: (held_out,) if held_out else ()}, tuple(notes))


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Events with sessions by 30-minute gaps; held-out purchases as interactions of the test split."""
    file = open_log(found.of(LOG)[0])
    intakes = [take(file, choose(file, FIELDS, mapping, "retailrocket"))]
    interactions = None
    for path in found.of(HELD_OUT):
        test = open_log(path)
        intakes.append(take(test, choose(test, (USER, PRODUCT), {}, "retailrocket"), HELD_OUT))
        interactions = as_interactions(intakes[-1].frame, "test")
    return Log(tuple(intakes), events=intakes[0].frame.drop("record"), interactions=interactions)


IMPORTER = Importer(
    kind="retailrocket",
    summary="views, carts and purchases of a shop: events.csv of the Kaggle data set",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)

"""The lake: enriched events in Parquet, a directory a day and a file a partition, for the daily batch to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.components.stream_processor import Processed
from recsim.runs import write_table
from recsim.schema.columns import Column, Row, arrow_schema
from recsim.schema.fields import Id, Tenant, Timestamp, UserId
from recsim.schema.tables import EVENT_TYPES


class LakeEvent(Row):
    """An event of the lake: once each, in event-time order, with session, region, category, price."""

    event_id: Id
    event_type: Annotated[str, Column("category", "one of the nine event types", "dictionary")]
    event_timestamp: Timestamp
    user_id: UserId
    product_id: Annotated[int | None, Column("int64", "the product, where the type has one", "split")]
    session: Annotated[
        int | None, Column("int64", "session found by gaps; null for an event that came too late for one", "split")
    ]
    session_seconds: Annotated[int, Column("int32", "from the session's first event to this one, s", "split")]
    session_clicks: Annotated[int, Column("int32", "product views in the session, this event included", "split")]
    device: Annotated[str, Column("category", "client kind", "dictionary")]
    tenant: Tenant
    region: Annotated[str | None, Column("category", "home region of the user", "dictionary")]
    category_id: Annotated[
        int | None, Column("int32", "code of the product's category, null where there is none", "split")
    ]
    price_usd: Annotated[float | None, Column("float32", "list price, US dollars", "split")]


@dataclass(frozen=True)
class Enrichment:
    """What events are joined with: columns by user and by product, and the names behind their codes."""

    region_of: NDArray[np.int8]
    """(users,) position in `regions`, -1 for none"""
    regions: list[str]
    category_of: NDArray[np.int32]
    """(products,) position in `categories`, -1 for none"""
    categories: list[str]
    price_usd: NDArray[np.float32]
    """(products,) NaN where there is no price"""


def lake_file(lake: Path, day: str, partition: int) -> Path:
    return lake / f"day={day}" / f"part-{partition:04d}.parquet"


def write_lake(
    path: Path, processed: Processed, enrichment: Enrichment, *, devices: Sequence[str], tenants: Sequence[str]
) -> None:
    """Write one day of one partition, atomically."""
    events = processed.events
    without_product = events.product_id < 0
    product = np.where(without_product, 0, events.product_id)
    category = np.where(without_product, -1, enrichment.category_of[product])
    price = np.where(without_product, np.float32(np.nan), enrichment.price_usd[product])
    columns = [
        pa.array(events.event_id),
        named(events.event_type, EVENT_TYPES),
        pa.array(events.event_us).cast(pa.timestamp("us", tz="UTC")),
        pa.array(events.user_id),
        pa.array(events.product_id, mask=without_product),
        pa.array(processed.session, mask=processed.session < 0),
        pa.array(processed.session_seconds),
        pa.array(processed.session_clicks),
        named(events.device, devices),
        named(events.tenant, tenants),
        named(enrichment.region_of[events.user_id], enrichment.regions),
        pa.array(category, mask=category < 0),
        pa.array(price, mask=np.isnan(price)),
    ]
    write_table(path, pa.Table.from_arrays(columns, schema=arrow_schema(LakeEvent)), LakeEvent)


def named(codes: NDArray[Any], names: Sequence[str]) -> Any:  # noqa: ANN401 - an Arrow array
    """Codes as an Arrow dictionary array; -1 is null."""
    missing = codes < 0
    indices = pa.array(codes.astype(np.int8), mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string()))


def read_lake(lake: Path, days: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
    """The events of these days as Arrow, days and partitions in order; an empty table where there are none."""
    names = list(arrow_schema(LakeEvent).names if columns is None else columns)
    files = [file for day in days for file in sorted((lake / f"day={day}").glob("part-*.parquet"))]
    if not files:
        return pa.schema([arrow_schema(LakeEvent).field(name) for name in names]).empty_table()
    return pa.concat_tables([pq.ParquetFile(file).read(columns=names) for file in files])

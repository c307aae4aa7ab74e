"""The events of sampled users with the features the feature store would have answered just before each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.components.stream_processor import Processed
from recsim.replay.lake import named
from recsim.schema.tables import EVENT_TYPES

AS_OF = pa.schema(
    [
        pa.field("event_id", pa.int64()),
        pa.field("event_type", pa.string()),
        pa.field("event_timestamp", pa.timestamp("us", tz="UTC")),
        pa.field("user_id", pa.int64()),
        pa.field("product_id", pa.int64()),
        pa.field("session", pa.int64()),
        pa.field("device", pa.string()),
        pa.field("tenant", pa.string()),
        pa.field("reference_id", pa.int64()),
        pa.field("recently_viewed", pa.list_(pa.int64())),
        pa.field("preferred_categories", pa.list_(pa.int32())),
        pa.field("recency_score", pa.float64()),
        pa.field("click_through_rate", pa.float64()),
        pa.field("session_clicks", pa.int32()),
        pa.field("session_duration_s", pa.int32()),
    ]
)
"""`session` is the one found by gaps; `session_duration_s` runs to the event; `session_clicks` excludes the event."""


def as_of_table(processed: Processed, *, devices: Sequence[str], tenants: Sequence[str]) -> pa.Table:
    """The as-of rows of one day of one partition."""
    as_of = processed.as_of
    events = processed.events.take(as_of.event)
    columns = [
        pa.array(events.event_id),
        named(events.event_type, EVENT_TYPES).cast(pa.string()),
        pa.array(events.event_us).cast(pa.timestamp("us", tz="UTC")),
        pa.array(events.user_id),
        pa.array(events.product_id, mask=events.product_id < 0),
        pa.array(processed.session[as_of.event]),
        named(events.device, devices).cast(pa.string()),
        named(events.tenant, tenants).cast(pa.string()),
        pa.array(events.reference_id, mask=events.reference_id < 0),
        _lists(as_of.recently_viewed, as_of.recently_viewed_count),
        _lists(as_of.preferred_categories, as_of.preferred_categories_count),
        pa.array(as_of.recency_score),
        pa.array(as_of.click_through_rate),
        pa.array(as_of.session_clicks),
        pa.array(as_of.session_duration_s),
    ]
    return pa.Table.from_arrays(columns, schema=AS_OF)


def _lists(values: NDArray[Any], counts: NDArray[np.int32]) -> Any:  # noqa: ANN401 - an Arrow array
    """The first `counts[i]` values of each row (n, k) as an Arrow list array."""
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    kept = values[np.arange(values.shape[1]) < counts[:, None]]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(kept))

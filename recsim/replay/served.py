"""What a day of the request plane leaves behind: the outcome of every request, and the slates that were served."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.components.slate import SOURCES, Slate
from recsim.schema.columns import arrow_schema
from recsim.schema.tables import Impression


@dataclass(frozen=True)
class Made:
    """One request that was made. `hidden` are products its surface would not show (seen a moment ago, or on the page);
    `results` the products in the response body, the page's own not counted."""

    request_id: int
    at_us: int
    user: int
    tenant: str
    surface: str
    status: int
    outcome: str
    results: int
    hidden: NDArray[np.int64]
    slate: Slate | None
    event_id: int = -1
    """the event of the log that implied the request"""


@dataclass
class Served:
    """The requests of a day, in order."""

    day: str
    made: list[Made] = field(default_factory=list)

    def outcomes(self) -> Counter[tuple[str, str]]:
        """Requests by (surface, outcome)."""
        return Counter((one.surface, one.outcome) for one in self.made)

    def impressions(self) -> pa.Table:
        """One row a product served."""
        shown = [(one, one.slate) for one in self.made if one.slate is not None]
        sizes = [len(slate.products) for _, slate in shown]
        schema = arrow_schema(Impression)
        if not sum(sizes):
            return schema.empty_table()
        repeated = np.repeat(np.arange(len(shown)), sizes)

        def words(values: list[str]) -> pa.Array:
            encoded = pa.array(values, pa.string()).dictionary_encode()
            return pa.DictionaryArray.from_arrays(encoded.indices.cast(pa.int8()).take(repeated), encoded.dictionary)

        sources = np.concatenate([slate.sources for _, slate in shown])
        columns = {
            "request_id": np.array([one.request_id for one, _ in shown])[repeated],
            "event_timestamp": pa.array(np.array([one.at_us for one, _ in shown])[repeated]).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "user_id": np.array([one.user for one, _ in shown])[repeated],
            "surface": words([one.surface for one, _ in shown]),
            "rank": np.concatenate([np.arange(1, size + 1) for size in sizes]).astype(np.int16),
            "product_id": np.concatenate([slate.products for _, slate in shown]),
            "score": np.concatenate([slate.scores for _, slate in shown]).astype(np.float32),
            "source": pa.DictionaryArray.from_arrays(pa.array(sources, pa.int8()), pa.array(SOURCES)),
            "propensity": np.concatenate([slate.propensities for _, slate in shown]).astype(np.float32),
            "policy": words([slate.policy for _, slate in shown]),
        }
        return pa.Table.from_pydict({name: columns[name] for name in schema.names}).cast(schema)

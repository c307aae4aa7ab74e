"""Latency from call rows: quantiles of busy time by box, and of whole requests.

Figures are thread CPU time in this process (`service_us`), so they hold no network, no queue and no neighbour; latency
at a target rate is a matter of queueing over them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

END_TO_END = "end_to_end"
"""The row of whole requests: the sum of all their hops."""


def latency(calls: pa.Table) -> list[dict[str, Any]]:
    """One row a component in order of name, then one of whole requests. Hops of request 0 (background workers, pictures
    from the edge) are in the rows of their components and belong to no request."""
    if not calls.num_rows:
        return []
    encoded = pc.cast(calls["component"], pa.string()).combine_chunks().dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    service_us = calls["service_us"].to_numpy().astype(np.float64)
    rows = [_row(name, service_us[codes == names.index(name)]) for name in sorted(names)]
    requests = calls["request_id"].to_numpy()
    asked = requests > 0
    if not asked.any():
        return rows
    _, request = np.unique(requests[asked], return_inverse=True)
    return [*rows, _row(END_TO_END, np.bincount(request, weights=service_us[asked]).astype(np.float64))]


def _row(component: str, service_us: NDArray[np.float64]) -> dict[str, Any]:
    p50, p95, p99 = np.quantile(service_us, [0.5, 0.95, 0.99]) / 1e3
    return {
        "component": component,
        "calls": len(service_us),
        "p50_ms": round(float(p50), 4),
        "p95_ms": round(float(p95), 4),
        "p99_ms": round(float(p99), 4),
        "mean_ms": round(float(service_us.mean()) / 1e3, 4),
        "provenance": "measured",
    }

"""Candidate retrieval: bytes and cores of a FAISS index over the product embeddings."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Amounts, Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cores, cost

_MEMORY = "FAISS wiki, guidelines to choose an index"
_RATE = "slates/s over measured queries/s a core (log-log between 100K and 1M vectors), over utilisation, x zone loss"


def demand_retrieval(load: Load, c: Constants) -> Demand:
    """An HNSW index is planned; flat, IVF and IVF-PQ stand beside it.

    Bytes a vector of d float32: flat 4d; HNSW 4d + 8M + overhead (M links a level, two at the bottom, 4 B each);
    IVF 4d + 8 (its id) + the share of 4 sqrt(N) centroids; IVF-PQ with d/4 codes of one byte.
    """
    count, d = load.products, c.embedding_dimensions
    centroids = 4 * d * 4 * np.sqrt(count)
    hnsw = cores(load.recommendations_event_rps, 1 / _rate(count, c.hnsw_qps_100k, c.hnsw_qps_1m), c)
    ivf = cores(load.recommendations_event_rps, 1 / _rate(count, c.ivf_qps_100k, c.ivf_qps_1m), c)
    quantities = (
        Quantity("HNSW index", count * (4 * d + 8 * c.hnsw_links + c.hnsw_overhead_bytes), "B", _MEMORY),
        Quantity("flat index", count * 4 * d, "B", _MEMORY),
        Quantity("IVF index", count * (4 * d + 8) + centroids, "B", _MEMORY),
        Quantity("IVF-PQ index", count * (d / 4 + 8) + centroids, "B", _MEMORY),
        Quantity("HNSW vCPU", hnsw, "vCPU", _RATE),
        Quantity("IVF vCPU", ivf, "vCPU", _RATE),
        cost(hnsw * c.vcpu_usd, "HNSW vCPU x price"),
    )
    return Demand("retrieval", quantities)


def _rate(count: Amounts, at_100k: Amounts, at_1m: Amounts) -> Amounts:
    """Queries a second of a core at `count` vectors: a power law through the two measured sizes."""
    rate: Amounts = at_100k * (count / 1e5) ** np.log10(at_1m / at_100k)
    return rate

"""What a recommendation is planned to cost, so that a request that can't be answered in its budget is not begun.

Costs are CPU microseconds of one core, rounded from a run of `tests/bench/bench_recommend.py` at 100,000 products on a
busy machine; a scan reads memory at the
20 GB/s a core reaches. They are arithmetic, not clocks: the same scenario plans the same on every machine.
"""

from __future__ import annotations

from recsim.recommenders.ann import Kind

FIXED_US = 2_500.0
"""Features, profile, merging, gateway and balancer of one request."""

CANDIDATE_US = 4.0
DOCUMENT_US = 25.0
_BYTES_PER_US = 20_000.0


def planned_us(kind: Kind | None, products: int, factors: int, *, candidates: int, slate: int) -> float:
    """CPU time of one recommendation: the index scan, the reranking of its candidates, the documents of the slate.

    A flat index reads every vector; inverted lists read all centroids and the probed share of the vectors, at 2 bytes
    a number where they are kept as float16. `kind` is None where nothing is trained yet.
    """
    return FIXED_US + retrieval_us(kind, products, factors) + CANDIDATE_US * candidates + DOCUMENT_US * slate


def retrieval_us(kind: Kind | None, products: int, factors: int) -> float:
    """CPU time of one look-up."""
    if kind is None:
        return 0.0
    width = 2 if "fp16" in kind.factory else 4
    if not kind.probes:
        return products * factors * width / _BYTES_PER_US
    lists = int(kind.factory.partition(",")[0].removeprefix("IVF"))
    scanned = products * kind.probes / lists * width + lists * 4
    return scanned * factors / _BYTES_PER_US

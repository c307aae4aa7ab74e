"""Nearest products by inner product, in FAISS: exact up to 50,000 products, inverted lists above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

_FAISS: Any = faiss
"""The same module: its stubs don't know the Python side of selectors."""

FLAT_UP_TO = 50_000
"""Above this an exact scan of 64 float32 a product costs more than half a millisecond of CPU."""

_POINTS_PER_LIST = 64
_ITERATIONS = 8
_COMPACT_FROM = 500_000
"""From here on vectors are kept as float16: half the memory, and recall falls by less than 0.001."""


@dataclass(frozen=True)
class Kind:
    """A FAISS factory string, and how many inverted lists a search reads (0 for a flat index)."""

    factory: str
    probes: int


def kind_of(products: int, choice: Literal["auto", "flat", "ivf"]) -> Kind:
    """The index for so many products. The number of lists and probes are those that reach recall@100 of 0.998 on
    clustered vectors: 32 of 1024 lists at 100,000 products, 64 of 4096 at 1,000,000."""
    if choice == "flat" or (choice == "auto" and products <= FLAT_UP_TO):
        return Kind("Flat", 0)
    lists = 4096 if products >= _COMPACT_FROM else min(1024, max(1, products // _POINTS_PER_LIST))
    storage = "SQfp16" if products >= _COMPACT_FROM else "Flat"
    return Kind(f"IVF{lists},{storage}", min(lists, 64 if lists > 1024 else 32))


class ProductVectors:
    """A searchable set of vectors[p, f], float32. Products with a zero vector are never found.

    Building and searching use one thread, so the same vectors give the same index and the same answers.
    """

    def __init__(self, vectors: NDArray[np.float32], *, choice: Literal["auto", "flat", "ivf"], seed: int) -> None:
        faiss.omp_set_num_threads(1)
        self.ids = np.flatnonzero(np.any(vectors != 0, axis=1)).astype(np.int64)
        self.kind = kind_of(len(self.ids), choice)
        self._exact = np.ascontiguousarray(vectors[self.ids], np.float32)
        self._index = _build(self._exact, self.kind, seed)

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, allowed: NDArray[np.bool_]) -> Any:  # noqa: ANN401 - FAISS carries no types
        """What `top_n` takes to find none but the allowed products: a mask [p] over all of them."""
        return _FAISS.IDSelectorBitmap(np.packbits(allowed[self.ids], bitorder="little"))

    def top_n(
        self,
        queries: NDArray[np.float32],
        n: int,
        *,
        only: Any = None,  # noqa: ANN401 - FAISS carries no types
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The n nearest products of each query[q, f]: ids[q, n] (-1 where a list is shorter) and inner products."""
        faiss.omp_set_num_threads(1)
        if not len(self.ids):
            return np.full((len(queries), n), -1, np.int64), np.full((len(queries), n), -np.inf, np.float32)
        asked, k = np.ascontiguousarray(queries, np.float32), min(n, len(self.ids))
        scores, places = self._index.search(asked, k, params=self._parameters(only))
        ids = np.where(places >= 0, self.ids[places], -1)
        short = n - ids.shape[1]
        if short:
            ids = np.pad(ids, ((0, 0), (0, short)), constant_values=-1)
            scores = np.pad(scores, ((0, 0), (0, short)), constant_values=-np.inf)
        return ids, scores

    def _parameters(self, only: Any) -> Any:  # noqa: ANN401 - FAISS carries no types
        if only is None:
            return None
        if self.kind.probes:
            return _FAISS.SearchParametersIVF(sel=only, nprobe=self.kind.probes)
        return _FAISS.SearchParameters(sel=only)

    def recall(self, queries: NDArray[np.float32], n: int) -> float:
        """Share of the exact n nearest that `top_n` finds, over the queries; 1 for a flat index and for none."""
        n = min(n, len(self.ids))
        if n == 0 or not len(queries):
            return 1.0
        found, _ = self.top_n(queries, n)
        _, places = faiss.knn(
            np.ascontiguousarray(queries, np.float32), self._exact, n, metric=faiss.METRIC_INNER_PRODUCT
        )
        exact = self.ids[places]
        return float(np.mean([len(np.intersect1d(a, b)) / n for a, b in zip(found, exact, strict=True)]))


def _build(vectors: NDArray[np.float32], kind: Kind, seed: int) -> Any:  # noqa: ANN401 - FAISS carries no types
    index: Any = faiss.index_factory(vectors.shape[1], kind.factory, faiss.METRIC_INNER_PRODUCT)
    if kind.probes:
        index.cp.niter = _ITERATIONS
        index.cp.seed = seed & 0x7FFFFFFF
        index.cp.max_points_per_centroid = _POINTS_PER_LIST
        index.cp.min_points_per_centroid = 1
        index.train(vectors)
        index.nprobe = kind.probes
    if len(vectors):
        index.add(vectors)
    return index

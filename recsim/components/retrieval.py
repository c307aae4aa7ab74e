"""Candidate retrieval: the nearest products of a vector, in the version of the index that serves now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import Trace
from recsim.components.slate import Candidates, found
from recsim.recommenders.ann import ProductVectors


@dataclass(frozen=True)
class Publication:
    """One version of the embeddings as it serves: `vectors[p, f]` of the products, their index, and when it was
    promoted (µs since 1970 UTC)."""

    version: int
    vectors: NDArray[np.float32]
    index: ProductVectors
    promoted_us: int


class CandidateRetrieval:
    """`top-n` over the current publication. A swap is one assignment, so no request sees half of each version."""

    def __init__(self) -> None:
        self.publication: Publication | None = None

    def swap(self, publication: Publication) -> None:
        """Serve a new version from now on."""
        self.publication = publication

    def top_n(
        self, publication: Publication, query: NDArray[np.float32], n: int, *, source: str, trace: Trace
    ) -> Candidates:
        """The n nearest products of query[f] by inner product, as candidates of a source."""
        with trace.hop("retrieval", "top-n"):
            ids, scores = publication.index.top_n(query[None, :], n)
            filled = ids[0] >= 0
            return found(source, ids[0][filled], affinity=scores[0][filled].astype(np.float32))

"""Candidate retrieval: the nearest products of a vector, in the version of the index that serves now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import Refused, Trace
from recsim.components.catalogue import Catalogue
from recsim.components.slate import NO_ANCHOR, SOURCES, Candidates, found
from recsim.recommenders.ann import ProductVectors


@dataclass(frozen=True)
class Publication:
    """One version of the embeddings as it serves: `vectors[p, f]` of the products, their index, and when it was
    promoted (µs since 1970 UTC)."""

    version: int
    vectors: NDArray[np.float32]
    index: ProductVectors
    promoted_us: int
    cold: NDArray[np.bool_] | None = None
    """cold[p]: the vector stems from what is written about the product, not from what users did; None is nowhere"""


class CandidateRetrieval:
    """`top-n` over the current publication. A swap is one assignment, so no request sees half of each version.

    `down` is a fault flag: while it is set every look-up is refused, and who asked has to do without. With a
    catalogue of several tenants, a look-up for one finds none but its products.
    """

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.publication: Publication | None = None
        self.down = False
        self._catalogue = catalogue if catalogue is not None and len(catalogue.tenants) > 1 else None
        self._selectors: dict[tuple[int, str], Any] = {}

    def swap(self, publication: Publication) -> None:
        """Serve a new version from now on."""
        self.publication = publication
        self._selectors = {}

    def top_n(
        self,
        publication: Publication,
        query: NDArray[np.float32],
        n: int,
        *,
        source: str,
        trace: Trace,
        tenant: str | None = None,
        anchor: int = NO_ANCHOR,
    ) -> Candidates:
        """The n nearest products of query[f] by inner product, as candidates of a source (cold ones as `content`), of
        one tenant where it is named; raises `Refused` with 503 while retrieval is down."""
        with trace.hop("retrieval", "top-n"):
            if self.down:
                raise Refused(503, "retrieval-down")
            only = None if tenant is None else self._only(publication, tenant)
            ids, scores = publication.index.top_n(query[None, :], n, only=only)
            filled = ids[0] >= 0
            products = ids[0][filled]
            near = found(source, products, affinity=scores[0][filled].astype(np.float32), anchors=anchor)
            return near if publication.cold is None else _marked(near, publication.cold)

    def _only(self, publication: Publication, tenant: str) -> Any:  # noqa: ANN401 - FAISS carries no types
        """The selector of a tenant's products in a version; None where there is one tenant and so nothing to hide."""
        if self._catalogue is None:
            return None
        key = publication.version, tenant
        if key not in self._selectors:
            everything = np.arange(len(self._catalogue))
            self._selectors[key] = publication.index.only(self._catalogue.of_tenant(tenant, everything))
        return self._selectors[key]


def _marked(near: Candidates, cold: NDArray[np.bool_]) -> Candidates:
    """The same with `content` as the source of cold products."""
    which = cold[near.products]
    if not which.any():
        return near
    code = SOURCES.index("content")
    return replace(
        near,
        sources=np.where(which, code, near.sources).astype(np.int8),
        found_by=np.where(which, 1 << code, near.found_by).astype(np.int32),
    )

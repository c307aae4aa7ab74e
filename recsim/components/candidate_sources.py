"""Where candidates come from: vectors, pairs, boards, words. Each source is asked for few, all answers are merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import Trace
from recsim.components.boards import Board
from recsim.components.bought_together import PairTable
from recsim.components.catalogue import Catalogue
from recsim.components.profile import Profile, unit
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.slate import NO_ANCHOR, Candidates, found

USER_SHARE = np.float32(0.5)
"""Weight of the user's vector beside the product's own on a page about a product."""

RECENT_ANCHORS = 5
"""Products seen last whose pairs are asked for at home."""

_STRENGTH = {"bought": np.float32(1.0), "viewed": np.float32(0.5)}
"""What the strongest pair of a kind is worth as `co_purchase`: a common session is weaker evidence than a basket."""

SEARCH_ANCHORS = 10
"""Best keyword hits whose mean vector and pairs stand for what the words mean."""

Keywords = Callable[[str, int, str], tuple[NDArray[np.int64], NDArray[np.float32]]]
"""(text, n, tenant) → the n best products for the words with their scores."""


@dataclass
class Shelves:
    """What the daily batch and the stream lay out for the engine: pairs by tenant, and boards for everybody. Whoever
    publishes replaces a member whole, so a request sees the old one or the new one."""

    bought: Mapping[str, PairTable] = field(default_factory=dict)
    viewed: Mapping[str, PairTable] = field(default_factory=dict)
    trending: Board | None = None
    keywords: Keywords | None = None


class CandidateSources:
    """Candidates for each surface. `n` is how many the vectors are asked for; pairs and boards give a quarter of it."""

    def __init__(self, catalogue: Catalogue, retrieval: CandidateRetrieval, shelves: Shelves, n: int) -> None:
        self._catalogue = catalogue
        self._retrieval = retrieval
        self._shelves = shelves
        self._n = n
        self._few = max(1, n // 4)

    def home(self, profile: Profile, publication: Publication | None, tenant: str, trace: Trace) -> list[Candidates]:
        """Near the user, with what goes with the products seen last, and what is trending."""
        parts: list[Candidates] = []
        if profile.vector is not None and publication is not None:
            spare = len(profile.seen)
            parts.append(self._near(publication, profile.vector, profile.source, tenant, trace, spare=spare))
        anchors = profile.seen[:RECENT_ANCHORS]
        parts += [self.pairs(name, anchors, tenant, self._few) for name in ("viewed", "bought")]
        if profile.vector is not None:
            parts.append(self.trending(tenant, self._few))
        return parts

    def product(
        self, page: int, profile: Profile, publication: Publication | None, tenant: str, trace: Trace
    ) -> list[Candidates]:
        """Near the product, with the user's taste beside it, and viewed in the same sessions."""
        query = _about(publication, np.array([page]), profile)
        if publication is None or query is None:
            return [self.pairs("viewed", np.array([page]), tenant, self._few)]
        near = self._near(publication, query, "similar", tenant, trace, spare=len(profile.seen) + 1, anchor=page)
        return [near, self.pairs("viewed", np.array([page]), tenant, self._few)]

    def cart(
        self, cart: NDArray[np.int64], profile: Profile, publication: Publication | None, tenant: str, trace: Trace
    ) -> list[Candidates]:
        """Bought together with what is in the cart, then near it."""
        parts = [self.pairs("bought", cart, tenant, self._n)]
        query = _about(publication, cart, profile)
        if publication is not None and query is not None:
            spare, anchor = len(profile.seen) + len(cart), int(cart[0])
            parts.append(self._near(publication, query, "similar", tenant, trace, spare=spare, anchor=anchor))
        return parts

    def bought(self, page: int, tenant: str) -> list[Candidates]:
        """What is bought together with the product more often than chance explains, and nothing else."""
        return [self.pairs("bought", np.array([page]), tenant, self._n, guarded=True)]

    def because(
        self, anchor: int, profile: Profile, publication: Publication | None, tenant: str, trace: Trace
    ) -> list[Candidates]:
        """Viewed together with a product the user saw, and near it alone."""
        parts = [self.pairs("viewed", np.array([anchor]), tenant, self._n)]
        own = None if publication is None else unit(publication.vectors[anchor])
        if publication is not None and own is not None:
            spare = len(profile.seen) + 1
            parts.append(self._near(publication, own, "similar", tenant, trace, spare=spare, anchor=anchor))
        return parts

    def search_based(
        self, text: str, publication: Publication | None, tenant: str, trace: Trace
    ) -> tuple[list[Candidates], NDArray[np.int64]]:
        """What goes with the products the words find: near them, viewed and bought with them. Those products
        themselves are on the result page already; they come back apart."""
        if self._shelves.keywords is None:
            return [], np.empty(0, np.int64)
        hits, _ = self._shelves.keywords(text, self._n, tenant)
        anchors = hits[:SEARCH_ANCHORS]
        parts = [self.pairs(name, anchors, tenant, self._few) for name in ("bought", "viewed")]
        meaning = None if publication is None or not len(anchors) else unit(publication.vectors[anchors].sum(axis=0))
        if publication is not None and meaning is not None:
            anchor = int(anchors[0])
            parts.insert(0, self._near(publication, meaning, "similar", tenant, trace, spare=len(hits), anchor=anchor))
        return parts, hits

    def trending(self, tenant: str, n: int) -> Candidates:
        """What is trending for everybody."""
        board = self._shelves.trending
        return found("trending", np.empty(0, np.int64) if board is None else board.top(tenant, n))

    def pairs(self, name: str, anchors: NDArray[np.int64], tenant: str, n: int, *, guarded: bool = False) -> Candidates:
        """The n best partners of the anchors by summed score; each names the anchor it is tied to most."""
        tables = self._shelves.bought if name == "bought" else self._shelves.viewed
        table = tables.get(tenant)
        if table is None or not len(anchors):
            return found(name, np.empty(0, np.int64))
        rows = [table.partners_of(int(anchor), n, guarded=guarded) for anchor in anchors]
        partners = np.concatenate([row[0] for row in rows])
        scores = np.concatenate([row[1] for row in rows])
        products, anchored = partners, np.repeat(anchors, [len(row[0]) for row in rows])
        if len(anchors) > 1 and len(partners):
            products, scores, anchored = _summed(partners, scores, anchored)
        elsewhere = ~np.isin(products, anchors)
        products, scores, anchored = products[elsewhere][:n], scores[elsewhere][:n], anchored[elsewhere][:n]
        strength = scores / np.float32(scores.max(initial=1.0)) * _STRENGTH[name]
        return found(name, products, co_purchase=strength.astype(np.float32), anchors=anchored)

    def _near(
        self,
        publication: Publication,
        query: NDArray[np.float32],
        source: str,
        tenant: str,
        trace: Trace,
        *,
        spare: int,
        anchor: int = NO_ANCHOR,
    ) -> Candidates:
        return self._retrieval.top_n(
            publication, query, self._n + spare, source=source, trace=trace, tenant=tenant, anchor=anchor
        )


def _about(
    publication: Publication | None, products: NDArray[np.int64], profile: Profile
) -> NDArray[np.float32] | None:
    """The direction of products with the user's taste beside it; None where no product has a vector."""
    own = None if publication is None else unit(publication.vectors[products].sum(axis=0))
    if own is None or profile.vector is None:
        return own
    return own + USER_SHARE * profile.vector


def with_affinity(
    candidates: Candidates, publication: Publication | None, query: NDArray[np.float32] | None
) -> Candidates:
    """The same with the inner product of every candidate's vector with one query, whoever found it."""
    if publication is None or query is None or not len(candidates):
        return candidates
    affinity = (publication.vectors[candidates.products] @ query).astype(np.float32)
    return Candidates(
        candidates.products, affinity, candidates.relevance, candidates.co_purchase, candidates.sources,
        candidates.found_by, candidates.anchors,
    )  # fmt: skip


def _summed(
    partners: NDArray[np.int64], scores: NDArray[np.float32], anchors: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Distinct partners with the sum of their scores, best first, and the anchor of the greatest part of it."""
    order = np.lexsort((-scores, partners))
    products, first = np.unique(partners[order], return_index=True)
    total = np.add.reduceat(scores[order], first)
    best = np.lexsort((products, -total))
    return products[best], total[best], anchors[order][first][best]

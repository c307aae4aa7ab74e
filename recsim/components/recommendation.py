"""The recommendation engine: features, candidates of many sources, rerank, documents, and why.

Fallbacks, in this order, until a slate is full: the user's trained vector; the mean vector of what they saw last; for
a page about a product without a vector, what is popular in its category; what is trending; what is popular. Before
anything was learned an answer may be empty. Where real time would cost more than its budget, or retrieval is down, the
user's nightly list is served as it is, and what is trending to a user who has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import OK, Refused, Request, Response, Trace
from recsim.components.because import because
from recsim.components.boards import Board
from recsim.components.budget import planned_us
from recsim.components.candidate_sources import CandidateSources, Shelves, with_affinity
from recsim.components.catalogue import Catalogue
from recsim.components.context import Context, hour_of
from recsim.components.feature_store import FeatureStore
from recsim.components.precomputed import PrecomputedStore
from recsim.components.product_store import Document, ProductStore, result_of
from recsim.components.profile import Profile, profile_of, unit
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.slate import Candidates, Slate, found, merge

SURFACES = {
    "/v1/home": "home",
    "/v1/product": "product",
    "/v1/cart": "cart",
    "/v1/bought-together": "bought",
    "/v1/because-you-viewed": "because",
    "/v1/search-recommendations": "search_based",
}
"""Route → surface of an impression."""

BUNDLE = 4
"""Products of a bundle at most, the page's own among them."""

PRECOMPUTED, BOARD = "precomputed/1", "board/1"
"""Policies of slates that no reranker ordered."""

LONGEST_CART = 100
_UNFILLED = frozenset({"search", "bought", "because", "search_based"})
"""Surfaces that are short rather than filled up with what is popular: their promise is the relation."""


class RecommendationEngine:
    """Answers every surface of recommendations; `SURFACES` names them. `budget_us` is the planned CPU time up to which
    a request is answered in real time; a nearer deadline of the gateway counts instead."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        features: FeatureStore,
        retrieval: CandidateRetrieval,
        reranker: RerankService,
        products: ProductStore,
        candidates: int,
        slate: int,
        shelves: Shelves | None = None,
        precomputed: PrecomputedStore | None = None,
        budget_us: float = float("inf"),
    ) -> None:
        self.shelves = shelves or Shelves()
        self._catalogue = catalogue
        self._features = features
        self.retrieval = retrieval
        self.reranker = reranker
        self._products = products
        self._candidates = candidates
        self._slate = slate
        self._precomputed = precomputed
        self._budget_us = budget_us
        self._sources = CandidateSources(catalogue, retrieval, self.shelves, candidates)
        self._board: tuple[NDArray[np.int64], Board] | None = None
        self._many_tenants = len(catalogue.tenants) > 1

    def answer(self, request: Request, trace: Trace) -> Response:
        surface = SURFACES[request.route]
        with trace.hop("recommendation", surface) as hop:
            pages, text = self._asked(request, surface)
            slate = self._slate_of(request, surface, pages, text, trace)
            shown = slate.products.tolist()
            body: dict[str, Any] = {"surface": surface, "model": slate.model, "policy": slate.policy}
            if surface == "product":
                shown = [int(pages[0]), *shown]
            results = self.documents(shown, trace)
            if surface == "product":
                body["product"] = results.pop(0) if results else None
            if surface == "bought":
                body["bundle"] = self._bundle(int(pages[0]), request.tenant)
            body |= {"results": results, "because": because(slate, self._catalogue)}
            if slate.policy in (PRECOMPUTED, BOARD):
                hop.outcome = "precomputed" if slate.policy == PRECOMPUTED else "board"
            hop.outcome = hop.outcome if len(slate.products) else "empty"
            return Response(200, hop.outcome, body, slate)

    def _asked(self, request: Request, surface: str) -> tuple[NDArray[np.int64], str]:
        """The products a page or cart is about, and the words; raises `Refused` for what cannot be answered."""
        given = request.arguments
        if surface == "search_based":
            text = given.get("q")
            if not isinstance(text, str) or not 0 < len(text) <= 256:
                raise Refused(400, "bad-query")
            return np.empty(0, np.int64), text
        keys = given.get("product_ids", [given.get("product_id")])
        if surface == "home" or (surface == "because" and keys == [None]):
            return np.empty(0, np.int64), ""
        if not isinstance(keys, list) or not 0 < len(keys) <= LONGEST_CART:
            raise Refused(400, "bad-cart")
        numbers = [self._catalogue.number(key, request.tenant) for key in keys]
        known = np.array([number for number in numbers if number is not None], np.int64)
        if len(known) < len(keys):
            raise Refused(404, "no-product")
        return known, ""

    def _slate_of(self, request: Request, surface: str, pages: NDArray[np.int64], text: str, trace: Trace) -> Slate:
        """The slate of a surface, in real time where that fits the budget and works."""
        tenant = request.tenant
        profile, publication = self.profile(request.user, tenant, trace, device=request.device, region=request.region)
        left_us = float("inf") if request.deadline_us is None else request.deadline_us - trace.at_us
        if self.planned_us(publication) <= min(self._budget_us, left_us):
            try:
                return self._real_time(surface, tenant, profile, publication, pages, text, trace)
            except Refused as refusal:
                if refusal.status != 503:
                    raise
        if surface in _UNFILLED:
            return _listed(found("popular", np.empty(0, np.int64)), surface, BOARD, self._slate)
        return self._ready_made(request.user, surface, tenant, np.concatenate([profile.seen, pages]), trace)

    def planned_us(self, publication: Publication | None) -> float:
        """The planned CPU time of a recommendation in real time."""
        if publication is None:
            return 0.0
        return planned_us(
            publication.index.kind, len(publication.index), publication.vectors.shape[1],
            candidates=2 * self._candidates, slate=self._slate,
        )  # fmt: skip

    def _real_time(
        self,
        surface: str,
        tenant: str,
        profile: Profile,
        publication: Publication | None,
        pages: NDArray[np.int64],
        text: str,
        trace: Trace,
    ) -> Slate:
        hidden = pages
        query = profile.vector
        match surface:
            case "home":
                parts = self._sources.home(profile, publication, tenant, trace)
            case "product":
                parts = self._sources.product(int(pages[0]), profile, publication, tenant, trace)
                if not any(len(part) for part in parts):
                    parts = [self._category(int(pages[0]), tenant)]
            case "cart":
                parts = self._sources.cart(pages, profile, publication, tenant, trace)
            case "bought":
                parts = self._sources.bought(int(pages[0]), tenant)
            case "because":
                seen = profile.seen[~np.isin(profile.seen, pages)]
                if not len(seen):
                    return _listed(found("popular", np.empty(0, np.int64)), surface, BOARD, self._slate)
                anchor = int(seen[0])
                parts = self._sources.because(anchor, profile, publication, tenant, trace)
            case _:
                parts, hidden = self._sources.search_based(text, publication, tenant, trace)
        if surface in ("product", "cart") and publication is not None:
            own = unit(publication.vectors[pages].sum(axis=0))
            query = own if profile.vector is None or own is None else own + np.float32(0.5) * profile.vector
        candidates = with_affinity(merge(parts), publication, query)
        return self._ranked(candidates, surface, tenant, profile, hidden, publication, trace)

    def _category(self, page: int, tenant: str) -> Candidates:
        """Popular in the product's category."""
        board = self._popular()
        return found("category", board.top_of_category(tenant, int(self._catalogue.category[page]), self._candidates))

    def _popular(self) -> Board:
        """The board of the popular products, cut once a night."""
        ranked = self.reranker.signals.popular
        if self._board is None or self._board[0] is not ranked:
            self._board = ranked, Board(ranked, self._catalogue)
        return self._board[1]

    def _ready_made(self, user: str, surface: str, tenant: str, hidden: NDArray[np.int64], trace: Trace) -> Slate:
        """The user's nightly list, or what is trending or popular."""
        listed = None
        if self._precomputed is not None:
            with trace.hop("precomputed", "get") as hop:
                listed = self._precomputed.get([user], tenant=tenant)[0]
                hop.outcome = OK if listed is not None else "missing"
        if listed is not None:
            mine = self._allowed(found("precomputed", listed), tenant, hidden)
            return _listed(mine, surface, PRECOMPUTED, self._slate)
        boards = [
            self._sources.trending(tenant, self._candidates),
            found("popular", self._popular().top(tenant, self._candidates)),
        ]
        return _listed(self._allowed(merge(boards), tenant, hidden), surface, BOARD, self._slate)

    def profile(
        self, user: str, tenant: str, trace: Trace, *, device: str = "", region: str = ""
    ) -> tuple[Profile, Publication | None]:
        """What is known of a user and their session, and the publication the rest of the request keeps to."""
        with trace.hop("feature_store", "get"):
            record = self._features.get_features([user], tenant=tenant)[0]
            session = self._features.get_session([user], now_us=trace.at_us, tenant=tenant)[0]
        publication = self.retrieval.publication
        context = Context(device or ("" if session is None else session.device), hour_of(trace.at_us), region)
        clicks = 0 if session is None else session.current_session_clicks
        profile = profile_of(
            record, self._catalogue, publication, tenant=tenant, context=context, session_clicks=clicks
        )
        return profile, publication

    def rank(
        self,
        parts: list[Candidates],
        surface: str,
        tenant: str,
        profile: Profile,
        page: int | None,
        publication: Publication | None,
        trace: Trace,
        *,
        k: int | None = None,
    ) -> Slate:
        """The reranked slate of the union of candidates, filled up with popular products where it is short.

        Products of other tenants never pass. Outside search, neither do products the user has just seen.
        """
        pages = np.empty(0, np.int64) if page is None else np.array([page])
        return self._ranked(merge(parts), surface, tenant, profile, pages, publication, trace, k=k)

    def _ranked(
        self,
        candidates: Candidates,
        surface: str,
        tenant: str,
        profile: Profile,
        pages: NDArray[np.int64],
        publication: Publication | None,
        trace: Trace,
        *,
        k: int | None = None,
    ) -> Slate:
        hidden = pages if surface == "search" else np.concatenate([profile.seen, pages])
        allowed = self._allowed(candidates, tenant, hidden)
        if len(allowed) < self._slate and surface not in _UNFILLED:
            fill = [
                self._sources.trending(tenant, self._candidates),
                found("popular", self._popular().top(tenant, self._candidates)),
            ]
            allowed = self._allowed(merge([candidates, *fill]), tenant, hidden)
        return self.reranker.rerank(
            allowed, k or self._slate, profile=profile, surface=surface,
            model=0 if publication is None else publication.version, trace=trace,
            vectors=None if publication is None else publication.vectors,
        )  # fmt: skip

    def _allowed(self, candidates: Candidates, tenant: str, hidden: NDArray[np.int64]) -> Candidates:
        allowed = self._visible(candidates.products, tenant)
        if len(hidden):
            allowed &= ~np.isin(candidates.products, hidden)
        return candidates if allowed.all() else candidates.keep(allowed)

    def _visible(self, products: NDArray[np.int64], tenant: str) -> NDArray[np.bool_]:
        return self._catalogue.of_tenant(tenant, products) if self._many_tenants else np.ones(len(products), np.bool_)

    def _bundle(self, page: int, tenant: str) -> list[str]:
        """The keys of the products that all belong together with the page's, its own first."""
        table = self.shelves.bought.get(tenant)
        return [] if table is None else [self._catalogue.keys[product] for product in table.bundle(page, BUNDLE)]

    def because(self, slate: Slate) -> list[dict[str, Any]]:
        """Why each product of a slate is in it."""
        return because(slate, self._catalogue)

    def documents(self, products: Sequence[int], trace: Trace) -> list[Document]:
        """The documents of products as a response shows them; what the store lost is left out."""
        keys = [self._catalogue.document_keys[product] for product in products]
        with trace.hop("product_store", "get") as hop:
            stored = self._products.get_many(keys) if keys else []
            if None in stored:
                hop.outcome = "missing"
        return [result_of(document) for document in stored if document is not None]


def _listed(candidates: Candidates, surface: str, policy: str, k: int) -> Slate:
    """The first k candidates as a slate nobody reranked: scores fall from 1, and nothing was left to chance."""
    n = min(k, len(candidates))
    scores = (1.0 - np.arange(n) / max(n, 1)).astype(np.float32)
    first = candidates.keep(np.arange(len(candidates)) < n)
    return Slate(
        surface, first.products, scores, np.ones(n, np.float32), first.sources, policy, 0, first.found_by, first.anchors
    )

"""The recommendation engine: features, candidates near a vector, rerank, documents.

Fallbacks, in this order, until a slate is full: the user's trained vector; the mean vector of what they saw last;
for a page about a product without a vector, what is popular in its category; what is popular everywhere. Before the
first midnight nothing is trained and nothing is popular, and an answer may be empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import OK, Refused, Request, Response, Trace
from recsim.components.catalogue import Catalogue
from recsim.components.feature_store import FeatureStore
from recsim.components.product_store import Document, ProductStore, result_of
from recsim.components.profile import Profile, profile_of, unit
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.slate import Candidates, Slate, found, merge

USER_SHARE = np.float32(0.5)
"""Weight of the user's vector beside the product's own on a page about a product."""

SURFACES = {"/v1/home": "home", "/v1/product": "product", "/v1/cart": "cart"}
"""Route → surface of an impression."""


class RecommendationEngine:
    """Answers home suggestions, similar products of a product page, and additions to a cart."""

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
    ) -> None:
        self._catalogue = catalogue
        self._features = features
        self._retrieval = retrieval
        self._reranker = reranker
        self._products = products
        self._candidates = candidates
        self._slate = slate
        self._many_tenants = len(catalogue.tenants) > 1

    def answer(self, request: Request, trace: Trace) -> Response:
        surface = SURFACES[request.route]
        with trace.hop("recommendation", surface) as hop:
            page = None if surface == "home" else self._page(request)
            profile, publication = self.profile(request.user, request.tenant, trace)
            candidates = self.near(profile, page, publication, trace)
            slate = self.rank(candidates, surface, request.tenant, profile, page, publication, trace)
            keys = self.keys_of(slate)
            shown = keys if page is None or surface == "cart" else [self._catalogue.keys[page], *keys]
            body: dict[str, Any] = {"surface": surface, "model": slate.model, "policy": slate.policy}
            results = self.documents(shown, trace)
            if surface == "product":
                body["product"] = results.pop(0)
            body["results"] = results
            hop.outcome = OK if keys else "empty"
            return Response(200, hop.outcome, body, slate)

    def _page(self, request: Request) -> int:
        """The product a page or a cart is about; raises `Refused` for an unknown one."""
        number = self._catalogue.number(request.arguments.get("product_id"))
        if number is None or not self._visible(np.array([number]), request.tenant)[0]:
            raise Refused(404, "no-product")
        return number

    def profile(self, user: str, tenant: str, trace: Trace) -> tuple[Profile, Publication | None]:
        """What is known of a user, and the publication the rest of the request keeps to."""
        with trace.hop("feature_store", "get"):
            record = self._features.get_features([user], tenant=tenant)[0]
        publication = self._retrieval.publication
        return profile_of(record, self._catalogue, publication), publication

    def near(
        self, profile: Profile, page: int | None, publication: Publication | None, trace: Trace
    ) -> list[Candidates]:
        """Candidates near the user, or near the product of the page with the user's taste beside it."""
        if page is None:
            if profile.vector is None or publication is None:
                return []
            return [self._top(publication, profile.vector, profile.source, len(profile.seen), trace)]
        own = None if publication is None else unit(publication.vectors[page])
        if publication is None or own is None:
            return [self._popular("category", self._catalogue.category[page])]
        query = own if profile.vector is None else own + USER_SHARE * profile.vector
        return [self._top(publication, query, "similar", len(profile.seen) + 1, trace)]

    def _top(
        self, publication: Publication, query: NDArray[np.float32], source: str, spare: int, trace: Trace
    ) -> Candidates:
        return self._retrieval.top_n(publication, query, self._candidates + spare, source=source, trace=trace)

    def _popular(self, source: str, category: int | None = None) -> Candidates:
        """The most popular products, of one category where asked (none for -1, the unknown category)."""
        ranked = self._reranker.signals.popular
        if category is not None:
            ranked = ranked[(self._catalogue.category[ranked] == category) & (category >= 0)]
        return found(source, ranked[: self._candidates])

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
        hidden = np.empty(0, np.int64) if surface == "search" else profile.seen
        hidden = hidden if page is None else np.append(hidden, page)
        candidates = self._allowed(merge(parts), tenant, hidden)
        if len(candidates) < self._slate and surface != "search":
            candidates = self._allowed(merge([*parts, self._popular("popular")]), tenant, hidden)
        version = 0 if publication is None else publication.version
        return self._reranker.rerank(
            candidates, k or self._slate, profile=profile, surface=surface, model=version, trace=trace
        )

    def _allowed(self, candidates: Candidates, tenant: str, hidden: NDArray[np.int64]) -> Candidates:
        allowed = self._visible(candidates.products, tenant)
        if len(hidden):
            allowed &= ~np.isin(candidates.products, hidden)
        return candidates if allowed.all() else candidates.keep(allowed)

    def _visible(self, products: NDArray[np.int64], tenant: str) -> NDArray[np.bool_]:
        return self._catalogue.of_tenant(tenant, products) if self._many_tenants else np.ones(len(products), np.bool_)

    def keys_of(self, slate: Slate) -> list[str]:
        """The wire ids of a slate's products."""
        return [self._catalogue.keys[product] for product in slate.products]

    def documents(self, keys: list[str], trace: Trace) -> list[Document]:
        """The documents of a slate as a response shows them; what the store lost is left out."""
        with trace.hop("product_store", "get") as hop:
            stored = self._products.get_many(keys) if keys else []
            if None in stored:
                hop.outcome = "missing"
        return [result_of(document) for document in stored if document is not None]

"""The search service: keyword candidates and vector candidates together, reranked for the person who asks.

Flow: question → product index → (by relevance) vector candidates and rerank → documents → response with facets,
corrections, snippets and timings. Other orders than relevance are the index's own.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from recsim.components.base import OK, Request, Response, Trace
from recsim.components.product_index import ProductIndex
from recsim.components.product_store import Document
from recsim.components.profile import Profile, unit
from recsim.components.recommendation import RecommendationEngine
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.search_question import Question, question
from recsim.components.search_request import FACETS, Filters, Hits, SearchQuery
from recsim.components.search_snippets import snippet
from recsim.components.slate import Candidates, Slate, found
from recsim.components.suggestions import Suggestions

ROUTE = "/v1/search"
SUGGEST_ROUTE = "/v1/suggest"

_ANCHORS = 10
"""Best keyword hits whose mean vector stands for what the words mean."""


class SearchService:
    """Answers in the design's search response: `search`, `search-metadata`, `results`; and suggestions for what is
    being typed.

    Vector candidates are the neighbours of what the words found: products like the best hits which don't carry the
    words themselves. A query that finds nothing is answered with nothing. The first page holds the best of all
    candidates for this user; the pages after it go on in that order, and behind the candidates in the index's own.
    """

    def __init__(
        self,
        *,
        index: ProductIndex,
        engine: RecommendationEngine,
        retrieval: CandidateRetrieval,
        candidates: int,
        slate: int = 20,
        suggestions: Suggestions | None = None,
        facets: bool = True,
    ) -> None:
        self._index = index
        self._engine = engine
        self._retrieval = retrieval
        self._candidates = candidates
        self._slate = slate
        self._facets = FACETS if facets else ()
        self._suggestions = suggestions or Suggestions()

    def answer(self, request: Request, trace: Trace) -> Response:
        asked = question(request.arguments, size=self._slate, facets=self._facets)
        if request.route == SUGGEST_ROUTE:
            return self._suggest(asked, request.tenant, trace)
        with trace.hop("search", "query") as hop:
            started_ns = time.thread_time_ns()
            hits = self._hits(asked, request.tenant, trace)
            indexed_ns = time.thread_time_ns()
            slate = self._ordered(hits, asked, request, trace)
            ranked_ns = time.thread_time_ns()
            results = self._engine.documents(slate.products.tolist(), trace)
            metadata = {
                "total": hits.total,
                "page": asked.page,
                "size": asked.size,
                "sort": asked.sort,
                "facets": {name: [line.shown() for line in lines] for name, lines in hits.facets.items()},
                "corrections": [{"typed": typed, "used": used} for typed, used in hits.corrections.items()],
                "did_you_mean": hits.suggestion,
                "highlights": _highlights(results, hits),
                "partial": hits.partial,
                "timings": {"index_us": (indexed_ns - started_ns) // 1000, "rank_us": (ranked_ns - indexed_ns) // 1000},
                "model": slate.model,
                "policy": slate.policy,
                "because": self._engine.because(slate),
            }
            hop.outcome = OK if len(slate.products) else "empty"
            return Response(
                200, hop.outcome, {"search": asked.text, "search-metadata": metadata, "results": results}, slate
            )

    def _suggest(self, asked: Question, tenant: str, trace: Trace) -> Response:
        with trace.hop("search", "suggest"):
            found_ = self._suggestions.complete(asked.text, asked.size, tenant=tenant)
            return Response(200, OK, {"search": asked.text, "suggestions": found_})

    def _hits(self, asked: Question, tenant: str, trace: Trace) -> Hits:
        """The candidates by relevance, or in another order the page itself."""
        query = SearchQuery(
            asked.text, self._candidates, filters=asked.filters, tenant=tenant, sort=asked.sort, facets=asked.facets
        )
        if asked.sort != "relevance":
            query = replace(query, n=asked.size, offset=asked.offset)
        with trace.hop("product_index", "search") as hop:
            hits = self._index.search(query)
            hop.outcome = "partial" if hits.partial else OK
            return hits

    def _ordered(self, hits: Hits, asked: Question, request: Request, trace: Trace) -> Slate:
        """The products of the page."""
        profile, publication = self._engine.profile(request.user, request.tenant, trace)
        if asked.sort != "relevance":
            version = 0 if publication is None else publication.version
            return _in_order(hits, f"sort-{asked.sort}", version)
        alike = asked.filters == Filters()
        parts = self._candidates_of(hits, profile, publication, request.tenant, alike=alike, trace=trace)
        most = sum(len(part) for part in parts)
        wanted = min(asked.offset + asked.size, most)
        slate = self._engine.rank(parts, "search", request.tenant, profile, None, publication, trace, k=max(wanted, 1))
        page = _cut(slate, asked.offset, asked.offset + asked.size)
        missing = asked.size - len(page.products)
        if not missing or hits.total <= len(hits.products) or most > asked.offset + asked.size:
            return page
        start = self._candidates + max(0, asked.offset - most)
        query = SearchQuery(asked.text, missing, start, asked.filters, request.tenant)
        with trace.hop("product_index", "search"):
            more = self._index.search(query)
        return _joined(page, more, slate.products)

    def _candidates_of(
        self,
        hits: Hits,
        profile: Profile,
        publication: Publication | None,
        tenant: str,
        *,
        alike: bool,
        trace: Trace,
    ) -> list[Candidates]:
        """Keyword candidates and (where nothing is filtered) products alike, both with their affinity to the user, or
        for a stranger to what the words mean."""
        if publication is None or not len(hits.products):
            return [found("keyword", hits.products, relevance=hits.scores)]
        meaning = unit(publication.vectors[hits.products[:_ANCHORS]].sum(axis=0))
        taste = meaning if profile.vector is None else profile.vector
        if taste is None:
            return [found("keyword", hits.products, relevance=hits.scores)]
        affinity = publication.vectors[hits.products] @ taste
        parts = [found("keyword", hits.products, relevance=hits.scores, affinity=affinity)]
        if alike and meaning is not None:
            n = (self._candidates + 1) // 2
            near = self._retrieval.top_n(publication, meaning, n, source="similar", trace=trace, tenant=tenant)
            parts.append(found("similar", near.products, affinity=publication.vectors[near.products] @ taste))
        return parts


def _highlights(results: list[Document], hits: Hits) -> dict[str, str]:
    """A marked snippet of each result that has a word of the query."""
    marked = {}
    for document in results:
        texts = [document["product_name"], document["product_details"]]
        texts += [review["review"] for review in document["reviews"]]
        found_ = snippet(texts, hits.stems)
        if found_ is not None:
            marked[document["product_key"]] = found_
    return marked


def _in_order(hits: Hits, policy: str, model: int) -> Slate:
    """The page as the index ordered it."""
    n = len(hits.products)
    parts = found("keyword", hits.products)
    return Slate("search", hits.products, np.zeros(n, np.float32), np.ones(n, np.float32), parts.sources, policy, model)


def _cut(slate: Slate, start: int, stop: int) -> Slate:
    page = slice(start, stop)
    return replace(
        slate, products=slate.products[page], scores=slate.scores[page], propensities=slate.propensities[page],
        sources=slate.sources[page], found_by=None if slate.found_by is None else slate.found_by[page],
        anchors=None if slate.anchors is None else slate.anchors[page],
    )  # fmt: skip


def _joined(page: Slate, more: Hits, shown: np.ndarray) -> Slate:
    """The page filled up with what the index has behind the candidates, less what earlier pages showed."""
    fresh = more.products[~np.isin(more.products, shown)]
    n = len(fresh)
    return replace(
        page,
        products=np.concatenate([page.products, fresh]),
        scores=np.concatenate([page.scores, np.zeros(n, np.float32)]),
        propensities=np.concatenate([page.propensities, np.ones(n, np.float32)]),
        sources=np.concatenate([page.sources, found("keyword", fresh).sources]),
        found_by=None,
        anchors=None,
    )

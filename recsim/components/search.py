"""The search service: keyword candidates and vector candidates together, reranked for the person who asks."""

from __future__ import annotations

from recsim.components.base import OK, Refused, Request, Response, Trace
from recsim.components.product_index import Filters, Hits, ProductIndex
from recsim.components.profile import Profile, unit
from recsim.components.recommendation import RecommendationEngine
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.slate import Candidates, found

ROUTE = "/v1/search"
LONGEST_QUERY = 256
"""Characters; a longer query is refused."""

_ANCHORS = 10
"""Best keyword hits whose mean vector stands for what the words mean."""


class SearchService:
    """Answers in the design's search response: `search`, `search-metadata`, `results`.

    Vector candidates are the neighbours of what the words found: products like the best hits which don't carry the
    words themselves. A query that finds nothing is answered with nothing.
    """

    def __init__(
        self, *, index: ProductIndex, engine: RecommendationEngine, retrieval: CandidateRetrieval, candidates: int
    ) -> None:
        self._index = index
        self._engine = engine
        self._retrieval = retrieval
        self._candidates = candidates

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("search", "query") as hop:
            text, filters = _question(request)
            with trace.hop("product_index", "bm25"):
                hits = self._index.search(text, self._candidates, filters=filters)
            profile, publication = self._engine.profile(request.user, request.tenant, trace)
            parts = self._candidates_of(hits, profile, publication, alike=filters == Filters(), trace=trace)
            slate = self._engine.rank(parts, "search", request.tenant, profile, None, publication, trace)
            keys = self._engine.keys_of(slate)
            metadata = {
                "total": hits.total, "page": 1, "facets": {}, "corrections": hits.fuzzy,
                "model": slate.model, "policy": slate.policy,
            }  # fmt: skip
            body = {"search": text, "search-metadata": metadata, "results": self._engine.documents(keys, trace)}
            hop.outcome = OK if keys else "empty"
            return Response(200, hop.outcome, body, slate)

    def _candidates_of(
        self, hits: Hits, profile: Profile, publication: Publication | None, *, alike: bool, trace: Trace
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
            near = self._retrieval.top_n(publication, meaning, n, source="similar", trace=trace)
            parts.append(found("similar", near.products, affinity=publication.vectors[near.products] @ taste))
        return parts


def _question(request: Request) -> tuple[str, Filters]:
    """The text and the filters of a search; raises `Refused` with 400 for anything else."""
    given = dict(request.arguments)
    text = given.pop("q", None)
    if not isinstance(text, str) or len(text) > LONGEST_QUERY:
        raise Refused(400, "bad-query")
    category = given.pop("category", None)
    bounds = [given.pop(name, None) for name in ("price_from", "price_to")]
    if (
        given
        or not isinstance(category, str | None)
        or not all(isinstance(price, int | float | None) for price in bounds)
    ):
        raise Refused(400, "bad-query")
    return text, Filters(category, *(None if price is None else float(price) for price in bounds))

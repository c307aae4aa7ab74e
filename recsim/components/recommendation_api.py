"""The two POST APIs of the design, as services behind the gateway: retrieval alone, and reranking alone.

`POST /recommendations/faiss/top-n`: the nearest products of a vector, a product or the caller.

    {"vector": [0.12, …]} or {"product_id": "prod1"} or {}, with "n": 10
    → {"model": 3, "index": "IVF4096,SQfp16", "results": [{"product_id": "prod7", "score": 0.93}, …]}

`POST /recommendations/rerank`: candidates in the order of the policy in force, or of the one named.

    {"candidates": [{"product_id": "prod7", "affinity": 0.93, "relevance": 0.0, "co_purchase": 0.0}, …], "k": 10,
     "policy": "softmax", "temperature": 0.1, "weights": {"affinity": 1.0}}
    → {"model": 3, "policy": "softmax/1 t=0.1", "results": [{"product_id", "score", "propensity", "features": {…}}, …]}

The user and the tenant are the token's, never the body's. A body that is none is refused with 400 and the outcome
`bad-` and the field; a product that is unknown or another tenant's with 404; before a model serves, 409.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recsim.components.base import OK, Refused, Request, Response, Trace
from recsim.components.catalogue import Catalogue
from recsim.components.recommendation import RecommendationEngine
from recsim.components.retrieval import Publication
from recsim.components.slate import Candidates, found
from recsim.errors import BadInput
from recsim.recommenders.rerank import FEATURES, Reranker

TOP_N_ROUTE = "/recommendations/faiss/top-n"
RERANK_ROUTE = "/recommendations/rerank"

MOST = 1_000
"""Products asked for, or candidates sent, at most."""

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Id = Annotated[str, Field(min_length=1, max_length=256)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TopNBody(_Body):
    """The body of `POST /recommendations/faiss/top-n`; at most one of vector and product_id."""

    n: int = Field(10, ge=1, le=MOST)
    vector: list[_Number] | None = Field(None, min_length=1, max_length=4096)
    product_id: _Id | None = None


class Candidate(_Body):
    """One candidate of a rerank."""

    product_id: _Id
    affinity: _Number = 0.0
    relevance: _Number = 0.0
    co_purchase: _Number = 0.0


class RerankBody(_Body):
    """The body of `POST /recommendations/rerank`. What is left out is as the service is set."""

    candidates: list[Candidate] = Field(min_length=1, max_length=MOST)
    k: int = Field(10, ge=1, le=MOST)
    policy: Literal["softmax", "top-k"] | None = None
    temperature: float | None = Field(None, gt=0, le=100)
    weights: dict[str, Annotated[float, Field(ge=0, le=1e6)]] | None = None


_Read = TypeVar("_Read", bound=_Body)


def _read(body: type[_Read], arguments: Mapping[str, Any]) -> _Read:
    """The body; raises `Refused` with 400 and the first field that is wrong."""
    try:
        return body.model_validate(dict(arguments))
    except ValidationError as error:
        raise Refused(400, f"bad-{error.errors()[0]['loc'][0]}") from None


class TopNApi:
    """Candidate retrieval on its own."""

    def __init__(self, catalogue: Catalogue, engine: RecommendationEngine) -> None:
        self._catalogue = catalogue
        self._engine = engine

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("recommendation", "top-n"):
            body = _read(TopNBody, request.arguments)
            profile, publication = self._engine.profile(request.user, request.tenant, trace)
            if publication is None:
                raise Refused(409, "no-model")
            query = profile.vector
            if body.vector is not None and body.product_id is not None:
                raise Refused(400, "bad-product_id")
            if body.vector is not None:
                query = np.array(body.vector, np.float32)
                if len(query) != publication.vectors.shape[1]:
                    raise Refused(400, "bad-vector")
            elif body.product_id is not None:
                query = publication.vectors[_numbers(self._catalogue, [body.product_id], request.tenant)[0]]
            if query is None or not query.any():
                raise Refused(404, "no-vector")
            near = self._engine.retrieval.top_n(
                publication, query, body.n, source="model", trace=trace, tenant=request.tenant
            )
            return _response(publication, {"index": publication.index.kind.factory, "results": self._rows(near)})

    def _rows(self, near: Candidates) -> list[dict[str, Any]]:
        scores = near.affinity.astype(float).tolist()
        return [
            {"product_id": self._catalogue.keys[product], "score": score}
            for product, score in zip(near.products.tolist(), scores, strict=True)
        ]


class RerankApi:
    """Reranking on its own."""

    def __init__(self, catalogue: Catalogue, engine: RecommendationEngine) -> None:
        self._catalogue = catalogue
        self._engine = engine

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("recommendation", "rerank"):
            body = _read(RerankBody, request.arguments)
            reranker = self._reranker(body)
            products = _numbers(self._catalogue, [row.product_id for row in body.candidates], request.tenant)
            if len(np.unique(products)) < len(products):
                raise Refused(400, "bad-candidates")
            candidates = found(
                "model", products,
                affinity=np.array([row.affinity for row in body.candidates], np.float32),
                relevance=np.array([row.relevance for row in body.candidates], np.float32),
                co_purchase=np.array([row.co_purchase for row in body.candidates], np.float32),
            )  # fmt: skip
            device, region = request.device, request.region
            profile, publication = self._engine.profile(
                request.user, request.tenant, trace, device=device, region=region
            )
            service = self._engine.reranker
            slate = service.rerank(
                candidates, body.k, profile=profile, surface="rerank", trace=trace, reranker=reranker,
                model=0 if publication is None else publication.version,
            )  # fmt: skip
            features = dict(zip(products.tolist(), service.features(candidates, profile).tolist(), strict=True))
            rows = [
                {
                    "product_id": self._catalogue.keys[product], "score": float(score), "propensity": float(propensity),
                    "features": dict(zip(FEATURES, features[product], strict=True)),
                }
                for product, score, propensity in zip(
                    slate.products.tolist(), slate.scores, slate.propensities, strict=True
                )
            ]  # fmt: skip
            return Response(200, OK, {"model": slate.model, "policy": slate.policy, "results": rows})

    def _reranker(self, body: RerankBody) -> Reranker:
        """The policy in force with what the body changes of it."""
        changes: dict[str, Any] = {
            name: getattr(body, name)
            for name in ("policy", "temperature", "weights")
            if getattr(body, name) is not None
        }
        try:
            return replace(self._engine.reranker.reranker, **changes)
        except BadInput:
            raise Refused(400, "bad-weights") from None


def _numbers(catalogue: Catalogue, keys: list[str], tenant: str) -> Any:  # noqa: ANN401 - an array of product numbers
    """The product numbers of keys; raises `Refused` with 404 for one that is unknown or another tenant's."""
    products = catalogue.numbers(keys, tenant)
    if len(products) < len(keys):
        raise Refused(404, "no-product")
    return products


def _response(publication: Publication, body: dict[str, Any]) -> Response:
    return Response(200, OK if body["results"] else "empty", {"model": publication.version, **body})


def apis(catalogue: Catalogue, engine: RecommendationEngine) -> dict[str, TopNApi | RerankApi]:
    """Route → service of both."""
    return {TOP_N_ROUTE: TopNApi(catalogue, engine), RERANK_ROUTE: RerankApi(catalogue, engine)}

"""The request plane: the boxes, wired as the design draws them, and the requests of a day made through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from recsim.components.base import CallLog, Request, Trace
from recsim.components.catalogue import Catalogue, Signals, signals_before_any
from recsim.components.documents import ReviewBook, documents
from recsim.components.feature_store import EMBEDDING_DECIMALS, FeatureStore
from recsim.components.gateway import Gateway
from recsim.components.load_balancer import LoadBalancer
from recsim.components.product_index import ProductIndex
from recsim.components.product_store import ProductStore
from recsim.components.quota import QuotaStore, Rate
from recsim.components.recommendation import SURFACES, RecommendationEngine
from recsim.components.records import session_features
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.search import SUGGEST_ROUTE, SearchService
from recsim.components.search_feed import SearchFeed
from recsim.components.tokens import issue, simulated_secret
from recsim.dataset import Dataset
from recsim.progress import Progress
from recsim.recommenders.rerank import Reranker
from recsim.replay.requests import ROUTES, Plan
from recsim.replay.search_log import SearchLog, index_of
from recsim.replay.served import Made, Served
from recsim.scenario import Scenario
from recsim.schema.wire import UserFeatures, wire_id
from recsim.units import US_PER_SECOND
from recsim.wiring import connect

_BATCH = 5_000
_TELL_EVERY = 250


@dataclass(frozen=True)
class Client:
    """A user as the outside knows them: wire id, tenant, and a token while it lasts."""

    token: str
    good_until_us: int


class RequestPlane:
    """Load balancer → gateways → search or recommendation → feature store, retrieval, reranker, product store."""

    def __init__(self, scenario: Scenario, world: Dataset, *, categories: list[str], progress: Progress) -> None:
        self._scenario = scenario
        self._categories = categories
        self.calls = CallLog()
        products = world.read("products").sort_by("product_id")
        self.catalogue = Catalogue.of(products)
        users = world.read("users", columns=["user_id", "key"]).sort_by("user_id")
        self._user_keys = [wire_id("user", n, key) for n, key in enumerate(users["key"].to_pylist())]
        self.features: FeatureStore = connect("features", scenario.stores.features)
        self.products: ProductStore = connect("products", scenario.stores.products)
        self._index = index_of(scenario)
        self.search_log = SearchLog(self._index, scenario.search)
        self._documents = _Documents(self.products, self.catalogue, self._index)
        self._documents.load(products, progress)
        self.search_log.name(products)
        self.retrieval = CandidateRetrieval()
        self._reranker = RerankService(
            Reranker(scenario.ranking.weights, scenario.ranking.policy, scenario.ranking.temperature, scenario.seed),
            self.catalogue,
            signals_before_any(self.catalogue),
        )
        self._secret = simulated_secret(scenario.seed)
        self.rate = Rate.per_minute(scenario.gateway.requests_per_minute, scenario.gateway.burst)
        self._balancer = self._wire()
        self._clients: dict[int, Client] = {}
        self._embeddings: NDArray[np.float32] | None = None
        self._requests = 0

    def _wire(self) -> LoadBalancer:
        ranking = self._scenario.ranking
        engine = RecommendationEngine(
            catalogue=self.catalogue, features=self.features, retrieval=self.retrieval, reranker=self._reranker,
            products=self.products, candidates=ranking.candidates, slate=ranking.slate,
        )  # fmt: skip
        search = SearchService(
            index=self._index, engine=engine, retrieval=self.retrieval, candidates=ranking.candidates,
            slate=ranking.slate, suggestions=self.search_log.suggestions, facets=self._scenario.search.facets,
        )  # fmt: skip
        quotas: QuotaStore = connect("quotas", self._scenario.stores.quotas)
        quotas.forget()
        routes = dict.fromkeys(SURFACES, engine) | dict.fromkeys((ROUTES["search"], SUGGEST_ROUTE), search)
        names = [f"gateway-{number}" for number in range(1, self._scenario.gateway.instances + 1)]
        return LoadBalancer(
            {name: Gateway(name, secret=self._secret, quotas=quotas, rate=self.rate, routes=routes) for name in names}
        )

    def publish(self, publication: Publication, embeddings: NDArray[np.float32]) -> None:
        """Serve a new version of the vectors: user embeddings[u, f] and the index."""
        self._embeddings = embeddings
        self.retrieval.swap(publication)

    def refresh(self, signals: Signals, reviews: pa.Table, votes: pa.Table) -> None:
        """What midnight brings beside a model: product signals, and documents with the day's reviews and votes."""
        self._reranker.signals = signals
        self._documents.update(reviews, votes, self._user_keys)

    def run_day(self, day: str, as_of: pa.Table, plan: Plan, queries: dict[int, str], progress: Progress) -> Served:
        """Make the requests of a day, each with the features of its user just before it in the store."""
        served = Served(day)
        rows = as_of.take(pa.array(plan.rows)).to_pylist()
        for done, (row, surface) in enumerate(zip(rows, plan.surfaces, strict=True)):
            if done % _TELL_EVERY == 0:
                progress("requests", done, len(plan), "requests")
            arguments = self._arguments(row, surface, queries)
            if arguments is not None:
                served.made.append(self._make(row, surface, arguments))
        progress("requests", len(plan), len(plan), "requests")
        return served

    def _arguments(self, row: dict[str, Any], surface: str, queries: dict[int, str]) -> dict[str, Any] | None:
        """What the client sends along; None where the log doesn't say what was searched."""
        if surface == "home":
            return {}
        if surface == "search":
            text = queries.get(row["reference_id"])
            return None if text is None else {"q": text}
        return {"product_id": self.catalogue.keys[row["product_id"]]}

    def _make(self, row: dict[str, Any], surface: str, arguments: dict[str, Any]) -> Made:
        user, tenant = row["user_id"], row["tenant"]
        at_us = _instant_us(row["event_timestamp"])
        self._remember(row, at_us)
        self._requests += 1
        request = Request(self._requests, ROUTES[surface], self._token(user, tenant, at_us), at_us, arguments)
        response = self._balancer.handle(request, Trace(self.calls, self._requests, at_us))
        hidden = np.array(row["recently_viewed"] if surface != "search" else [], np.int64)
        if surface in ("product", "cart"):
            hidden = np.append(hidden, row["product_id"])
        body = orjson.loads(response.body) if response.body else {}
        results = len(body.get("results", []))
        return Made(
            self._requests, at_us, user, tenant, surface, response.status, response.outcome, results, hidden,
            response.slate,
        )  # fmt: skip

    def _remember(self, row: dict[str, Any], at_us: int) -> None:
        """What the stream processor has written by now: the user's features and session."""
        key, tenant = self._user_keys[row["user_id"]], row["tenant"]
        record = UserFeatures(
            embeddings=self._embedding(row["user_id"]),
            recently_viewed=[self.catalogue.keys[product] for product in row["recently_viewed"]],
            preferred_categories=[self._categories[code] for code in row["preferred_categories"]],
            recency_score=row["recency_score"],
            click_through_rate=row["click_through_rate"],
        )
        session = session_features(row["device"], row["session_duration_s"], row["session_clicks"])
        self.features.put_features([key], [record], tenant=tenant)
        ttl_s = self._scenario.stream.session_ttl_s
        self.features.put_session([key], [session], ttl_s=ttl_s, now_us=at_us, tenant=tenant)

    def _embedding(self, user: int) -> list[float]:
        if self._embeddings is None or not self._embeddings[user].any():
            return []
        vector: list[float] = np.round(self._embeddings[user].astype(np.float64), EMBEDDING_DECIMALS).tolist()
        return vector

    def _token(self, user: int, tenant: str, at_us: int) -> str:
        """The client's access token, a new one where the last has run out."""
        client = self._clients.get(user)
        if client is None or at_us >= client.good_until_us:
            expire_s = self._scenario.gateway.tokens_expire_s
            token = issue(self._secret, self._user_keys[user], tenant, now_us=at_us, expire_s=expire_s)
            client = Client(token, at_us + expire_s * US_PER_SECOND)
            self._clients[user] = client
        return client.token

    def close(self) -> None:
        self.features.close()


class _Documents:
    """The product documents, in the store and in the keyword index."""

    def __init__(self, store: ProductStore, catalogue: Catalogue, index: ProductIndex) -> None:
        self._store = store
        self._catalogue = catalogue
        self._index = index
        self._feed = SearchFeed(index)
        self._reviews = ReviewBook()

    def load(self, products: pa.Table, progress: Progress) -> None:
        """Fill the store from the catalogue, in batches, and index what went in."""
        total = products.num_rows
        batches = [products.slice(start, _BATCH) for start in range(0, total, _BATCH)]

        def stored() -> Any:  # noqa: ANN401 - an iterator of (number, document)
            number = 0
            for batch in batches:
                made = list(documents(batch))
                self._store.put_many(made)
                for document, created in zip(made, batch["created_at"].to_pylist(), strict=True):
                    yield number, {**document, "created_at": created}
                    number += 1
                progress("products", number, total, "products")

        self._index.build(stored())

    def update(self, reviews: pa.Table, votes: pa.Table, user_keys: list[str]) -> None:
        """Take a day's reviews and votes into the documents they concern, and the reviews into the index."""
        self._feed.take(reviews)
        changed = sorted(self._reviews.add(reviews, votes, user_keys))
        for start in range(0, len(changed), _BATCH):
            some = changed[start : start + _BATCH]
            found = self._store.get_many([self._catalogue.keys[product] for product in some])
            fresh = [
                {**document, "reviews": self._reviews.shown(product)}
                for product, document in zip(some, found, strict=True)
                if document is not None
            ]
            self._store.put_many(fresh)
            numbered = [(self._catalogue.number(document["product_key"]), document) for document in fresh]
            self._feed.flush([(number, document) for number, document in numbered if number is not None])


def _instant_us(value: Any) -> int:  # noqa: ANN401 - a datetime, as Arrow gives it
    return round(value.timestamp() * US_PER_SECOND)

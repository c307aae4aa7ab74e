"""The request plane: the boxes, wired as the design draws them, and the requests of a day made through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from recsim.clock import instant_us
from recsim.components.base import CallLog, Request, Response, Trace
from recsim.components.candidate_sources import Shelves
from recsim.components.catalogue import Catalogue, Signals, signals_before_any
from recsim.components.context import ContextTable
from recsim.components.documents import ReviewBook, documents
from recsim.components.feature_store import FeatureStore
from recsim.components.gateway import Gateway
from recsim.components.helpfulness import review_quality
from recsim.components.load_balancer import LoadBalancer
from recsim.components.product_index import ProductIndex
from recsim.components.product_store import ProductStore
from recsim.components.quota import QuotaStore, Rate
from recsim.components.recommendation import SURFACES, RecommendationEngine
from recsim.components.recommendation_api import apis
from recsim.components.records import session_features
from recsim.components.replicated_store import ZONES, ReplicatedProductStore
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.review_store import StoredReview
from recsim.components.search import SUGGEST_ROUTE, SearchService
from recsim.components.search_feed import SearchFeed
from recsim.components.tokens import issue, simulated_secret
from recsim.dataset import Dataset
from recsim.progress import Progress
from recsim.replay.nightly import Nightly, keyword_hits, reranker_of
from recsim.replay.requests import ROUTES, Plan
from recsim.replay.search_log import SearchLog, index_of
from recsim.replay.served import Made, Served
from recsim.replay.shop import Shop
from recsim.replay.shop_statistics import ShopStatistics
from recsim.scenario import Scenario
from recsim.schema.wire import UserFeatures, wire_id
from recsim.units import US_PER_MS, US_PER_SECOND
from recsim.wiring import connect

_BATCH = 5_000
_TELL_EVERY = 250


@dataclass(frozen=True)
class Client:
    """A user as the outside knows them: wire id, tenant, and a token while it lasts."""

    token: str
    issued_us: int
    good_until_us: int


class RequestPlane:
    """Load balancer → gateways → search or recommendation → feature store, retrieval, reranker, product store."""

    def __init__(self, scenario: Scenario, world: Dataset, *, categories: list[str], progress: Progress) -> None:
        self._scenario = scenario
        self._categories = categories
        self.calls = CallLog()
        products = world.read("products").sort_by("product_id")
        self.catalogue = Catalogue.of(products)
        users = world.read("users", columns=["user_id", "key", "tenant", "region"]).sort_by("user_id")
        self._user_keys = [wire_id("user", n, key) for n, key in enumerate(users["key"].to_pylist())]
        self._regions = [region or "" for region in users["region"].to_pylist()]
        self.features: FeatureStore = connect("features", scenario.stores.features)
        self.products: ProductStore = connect("products", scenario.stores.products)
        self._index = index_of(scenario)
        self.search_log = SearchLog(self._index, scenario.search)
        self._documents = _Documents(self.products, self.catalogue, self._index)
        self._documents.load(products, progress)
        self.search_log.name(products)
        self.retrieval = CandidateRetrieval(self.catalogue)
        self._reranker = RerankService(
            reranker_of(scenario), self.catalogue, signals_before_any(self.catalogue),
            out_of_stock=scenario.ranking.out_of_stock,
        )  # fmt: skip
        self.shelves = Shelves()
        self._nightly = Nightly(scenario, self.catalogue, self._user_keys, users["tenant"].to_pylist())
        self._secret = simulated_secret(scenario.seed)
        self.rate = Rate.per_minute(scenario.gateway.requests_per_minute, scenario.gateway.burst)
        self.shop = Shop(
            scenario, self.catalogue, user_keys=self._user_keys, user_tenants=users["tenant"].to_pylist(),
            image_counts=products["image_count"].to_pylist(), index=self._documents,
        )  # fmt: skip
        self._balancer = self._wire()
        self._clients: dict[int, Client] = {}
        self._requests = 0

    def _wire(self) -> LoadBalancer:
        ranking = self._scenario.ranking
        engine = RecommendationEngine(
            catalogue=self.catalogue, features=self.features, retrieval=self.retrieval, reranker=self._reranker,
            products=self.products, candidates=ranking.candidates, slate=ranking.slate, shelves=self.shelves,
            precomputed=self._nightly.lists, budget_us=ranking.budget_ms * US_PER_MS,
        )  # fmt: skip
        index = self._index
        self.shelves.keywords = lambda text, n, tenant: keyword_hits(index, text, n, tenant)
        search = SearchService(
            index=self._index, engine=engine, retrieval=self.retrieval, candidates=ranking.candidates,
            slate=ranking.slate, suggestions=self.search_log.suggestions, facets=self._scenario.search.facets,
        )  # fmt: skip
        quotas: QuotaStore = connect("quotas", self._scenario.stores.quotas)
        quotas.forget()
        routes = (
            dict.fromkeys(SURFACES, engine)
            | dict.fromkeys((ROUTES["search"], SUGGEST_ROUTE), search)
            | apis(self.catalogue, engine)
            | self.shop.routes()
        )
        names = [f"gateway-{number}" for number in range(1, self._scenario.gateway.instances + 1)]
        return LoadBalancer(
            {name: Gateway(name, secret=self._secret, quotas=quotas, rate=self.rate, routes=routes) for name in names},
            zones={name: ZONES[number % len(ZONES)] for number, name in enumerate(names)},
        )

    def publish(
        self, publication: Publication, embeddings: NDArray[np.float32], users: NDArray[np.bool_] | None = None
    ) -> None:
        """Serve a new version of the vectors: user embeddings[u, f] and the index. The vectors and nightly lists of
        the masked users (all where None) go to their stores."""
        self._nightly.publish(publication, embeddings, users)
        self.retrieval.swap(publication)

    def refresh(self, signals: Signals, contexts: ContextTable, reviews: pa.Table, votes: pa.Table) -> None:
        """What midnight brings beside a model: product signals, what the hour wants, and documents with the day's
        reviews and votes, whose quality and votes become signals."""
        self._documents.update(reviews, votes, self._user_keys)
        quality, counted = self._documents.review_signals()
        self._reranker.signals = signals.with_reviews(quality, counted)
        self._reranker.contexts = contexts

    def run_day(
        self,
        day: str,
        as_of: pa.Table,
        plan: Plan,
        queries: dict[int, str],
        progress: Progress,
        statistics: ShopStatistics | None = None,
    ) -> Served:
        """Make the requests of a day, each with the features of its user just before it in the store, and with what
        the shop did up to the last full hour on the shelves."""
        served = Served(day)
        rows = as_of.take(pa.array(plan.rows)).to_pylist()
        for done, (row, surface) in enumerate(zip(rows, plan.surfaces, strict=True)):
            if done % _TELL_EVERY == 0:
                progress("requests", done, len(plan), "requests")
            arguments = self._arguments(row, surface, queries)
            if arguments is not None:
                if statistics is not None:
                    statistics.advance(instant_us(row["event_timestamp"]), self.shelves)
                served.made.append(self._make(row, surface, arguments))
        progress("requests", len(plan), len(plan), "requests")
        return served

    def _arguments(self, row: dict[str, Any], surface: str, queries: dict[int, str]) -> dict[str, Any] | None:
        """What the client sends along; None where the log doesn't say what was searched."""
        if surface == "home":
            return {}
        if surface in ("search", "search_based"):
            text = queries.get(row["reference_id"])
            return None if text is None else {"q": text}
        return {"product_id": self.catalogue.keys[row["product_id"]]}

    def _make(self, row: dict[str, Any], surface: str, arguments: dict[str, Any]) -> Made:
        user, tenant = row["user_id"], row["tenant"]
        at_us = instant_us(row["event_timestamp"])
        self._remember(row, at_us)
        response = self.ask(row, ROUTES[surface], arguments)
        hidden = np.array(row["recently_viewed"] if surface != "search" else [], np.int64)
        if surface not in ("home", "search", "search_based"):
            hidden = np.append(hidden, row["product_id"])
        body = orjson.loads(response.body) if response.body else {}
        results = len(body.get("results", []))
        return Made(
            response.request_id, at_us, user, tenant, surface, response.status, response.outcome, results, hidden,
            response.slate, row["event_id"],
        )  # fmt: skip

    def ask(self, row: dict[str, Any], route: str, arguments: dict[str, Any]) -> Response:
        """One request of the user of an event, at its time, through load balancer and gateway."""
        user, at_us = row["user_id"], instant_us(row["event_timestamp"])
        self._requests += 1
        if isinstance(self.products, ReplicatedProductStore):
            self.products.now_us = at_us
        request = Request(
            self._requests, route, self._token(user, row["tenant"], at_us), at_us, arguments,
            device=row["device"], region=self._regions[user], zone=ZONES[user % len(ZONES)],
        )  # fmt: skip
        return self._balancer.handle(request, Trace(self.calls, self._requests, at_us))

    def region(self, user: int) -> str:
        """The home region of a user; empty where the world does not say."""
        return self._regions[user]

    def _remember(self, row: dict[str, Any], at_us: int) -> None:
        """What the stream processor has written by now: the user's features and session."""
        key, tenant = self._user_keys[row["user_id"]], row["tenant"]
        record = UserFeatures(
            embeddings=self._nightly.embedding(key, tenant),
            recently_viewed=[self.catalogue.keys[product] for product in row["recently_viewed"]],
            preferred_categories=[self._categories[code] for code in row["preferred_categories"]],
            recency_score=row["recency_score"],
            click_through_rate=row["click_through_rate"],
        )
        session = session_features(row["device"], row["session_duration_s"], row["session_clicks"])
        self.features.put_features([key], [record], tenant=tenant)
        ttl_s = self._scenario.stream.session_ttl_s
        self.features.put_session([key], [session], ttl_s=ttl_s, now_us=at_us, tenant=tenant)

    def _token(self, user: int, tenant: str, at_us: int) -> str:
        """The client's access token, a new one where the last has run out."""
        client = self._clients.get(user)
        if client is None or not client.issued_us <= at_us < client.good_until_us:
            expire_s = self._scenario.gateway.tokens_expire_s
            token = issue(self._secret, self._user_keys[user], tenant, now_us=at_us, expire_s=expire_s)
            client = Client(token, at_us, at_us + expire_s * US_PER_SECOND)
            self._clients[user] = client
        return client.token

    def close(self) -> None:
        self.shop.close()
        self.features.close()
        self._nightly.close()


class _Documents:
    """The product documents, in the store and in the keyword index. It is the shop's `ReviewIndex` too."""

    def __init__(self, store: ProductStore, catalogue: Catalogue, index: ProductIndex) -> None:
        self._store = store
        self._catalogue = catalogue
        self._index = index
        self._feed = SearchFeed(index)
        self._reviews = ReviewBook()
        self._indexed: set[tuple[str, str]] = set()

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

    def add_reviews(self, reviews: Sequence[tuple[str, StoredReview]]) -> None:
        """Make reviews of the shop searchable, each once: those of the world come in with `update`."""
        for tenant, review in reviews:
            product = self._catalogue.number(review.product, tenant)
            if product is not None and (tenant, review.review_id) not in self._indexed:
                self._indexed.add((tenant, review.review_id))
                self._feed.add(product, f"{review.title} {review.text}".strip(), float(review.stars))
        self._flush(self._feed.waiting())

    def review_signals(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Review quality and votes of every product, for the reranker."""
        products, stars, up, down = (np.array(column) for column in self._reviews.votes())
        quality = review_quality(
            products.astype(np.int64), stars.astype(np.float64), up.astype(np.int64), down.astype(np.int64),
            count=len(self._catalogue),
        )  # fmt: skip
        votes = np.bincount(products.astype(np.int64), weights=up + down, minlength=len(self._catalogue))
        return quality, votes.astype(np.int64)

    def update(self, reviews: pa.Table, votes: pa.Table, user_keys: list[str]) -> None:
        """Take a day's reviews and votes into the documents they concern, and the reviews into the index."""
        self._take(reviews)
        changed = sorted(self._reviews.add(reviews, votes, user_keys))
        for start in range(0, len(changed), _BATCH):
            some = changed[start : start + _BATCH]
            found = self._store.get_many([self._catalogue.document_keys[product] for product in some])
            fresh = [
                {**document, "reviews": self._reviews.shown(product)}
                for product, document in zip(some, found, strict=True)
                if document is not None
            ]
            self._store.put_many(fresh)
        self._flush(self._feed.waiting())

    def _take(self, reviews: pa.Table) -> None:
        """Note reviews of the world that the shop has not indexed already when they were submitted."""
        tenants = self._catalogue.tenant[reviews["product_id"].to_numpy()].tolist()
        numbers = reviews["review_id"].to_pylist()
        fresh = [
            (self._catalogue.tenants[code], f"r{number}") not in self._indexed
            for code, number in zip(tenants, numbers, strict=True)
        ]
        self._feed.take(reviews.filter(pa.array(fresh, pa.bool_())))

    def _flush(self, products: Sequence[int]) -> None:
        """Index the documents of some products with what reviews add to them, in one batch."""
        found = self._store.get_many([self._catalogue.document_keys[product] for product in products])
        self._feed.flush(
            [(product, document) for product, document in zip(products, found, strict=True) if document is not None]
        )

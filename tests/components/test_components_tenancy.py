"""Three tenants whose users, products, orders and reviews have the same ids: nothing of one is ever seen by another.

Everything a tenant writes carries its name in the text, so a leak shows in any answer; a plain model beside each tenant
says what its cart, stock, votes and quota must be, whatever the others did.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from shelf import document

from recsim.components.base import CallLog, Request, Response, Trace
from recsim.components.candidate_sources import Shelves
from recsim.components.catalogue import Catalogue, signals_before_any
from recsim.components.embedding_store import DirectoryEmbeddingStore
from recsim.components.feature_store import EmbeddedFeatureStore
from recsim.components.gateway import Gateway
from recsim.components.precomputed import EmbeddedPrecomputedStore
from recsim.components.product_store import SqliteProductStore
from recsim.components.quota import EmbeddedQuotaStore, Rate
from recsim.components.recommendation import SURFACES, RecommendationEngine
from recsim.components.recommendation_api import apis
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.search import SUGGEST_ROUTE, SearchService
from recsim.components.search_engine import TantivyProductIndex
from recsim.components.tokens import issue, simulated_secret
from recsim.recommenders.ann import ProductVectors
from recsim.recommenders.rerank import Reranker
from recsim.replay.nightly import keyword_hits
from recsim.replay.plane import _Documents
from recsim.replay.shop import Shop, picture
from recsim.scenario.load import validate
from recsim.schema import Product, arrow_schema
from recsim.schema.wire import UserFeatures, wire_event_id

TENANTS = ("default", "acme", "zenit")
WORDS = {"default": "plainmark", "acme": "acmemark", "zenit": "zenitmark"}
"""A word of each tenant that stands in everything it writes."""
USERS, PRODUCTS = ("user0", "user1"), ("prod0", "prod1", "prod2")
STOCK, BURST = 3, 8
SECRET = simulated_secret(1)
DAY_US = 1_735_776_000_000_000
tenants, users, products = st.sampled_from(TENANTS), st.sampled_from(USERS), st.sampled_from(PRODUCTS)
reviews, orders = st.sampled_from(("r0", "r1")), st.sampled_from(("o0", "o1", "o2"))


def catalogue_table() -> pa.Table:
    rows = [
        {
            "product_id": at * len(PRODUCTS) + n, "key": key, "tenant": tenant,
            "name": f"{'fire stick' if at else 'lamp'} {WORDS[tenant]} {n}",
            "brand": f"brand-{WORDS[tenant]}", "category": ["shop", f"shelf-{WORDS[tenant]}"],
            "description": f"lamp of {WORDS[tenant]}", "price_usd": 10.0 + n,
            "quantity": STOCK, "image_count": 1, "video_count": 0, "created_at": None,
        }
        for at, tenant in enumerate(TENANTS)
        for n, key in enumerate(PRODUCTS)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, arrow_schema(Product))


class House:
    """One gateway, and behind it every service over stores that all tenants share."""

    def __init__(self) -> None:
        table = catalogue_table()
        catalogue = Catalogue.of(table)
        index, store = TantivyProductIndex(), SqliteProductStore.from_url("sqlite:")
        documents = _Documents(store, catalogue, index)
        documents.load(table, lambda *_: None)
        self.features, self.lists = EmbeddedFeatureStore(), EmbeddedPrecomputedStore()
        self.vectors = DirectoryEmbeddingStore.from_url("file:")
        retrieval = CandidateRetrieval(catalogue)
        ranking = RerankService(Reranker({"affinity": 1.0}, "top-k", 1.0, 1), catalogue, signals_before_any(catalogue))
        ranking.signals = replace(ranking.signals, popular=np.arange(len(catalogue)))
        shelves = Shelves(keywords=lambda text, n, tenant: keyword_hits(index, text, n, tenant))
        engine = RecommendationEngine(
            catalogue=catalogue, features=self.features, retrieval=retrieval, reranker=ranking, products=store,
            candidates=6, slate=6, shelves=shelves, precomputed=self.lists,
        )  # fmt: skip
        directions = np.random.default_rng(1).normal(size=(len(catalogue), 4)).astype(np.float32)
        retrieval.swap(Publication(1, directions, ProductVectors(directions, choice="flat", seed=1), 0))
        search = SearchService(index=index, engine=engine, retrieval=retrieval, candidates=6)
        self.shop = Shop(
            validate({"name": "fuzz", "shop": {"declined_share": 0.0}}, place="test"), catalogue, user_keys=USERS,
            user_tenants=["default"] * len(USERS), image_counts=[1] * len(catalogue), index=documents,
        )  # fmt: skip
        routes = dict.fromkeys(SURFACES, engine) | dict.fromkeys(("/v1/search", SUGGEST_ROUTE), search)
        self.quotas = EmbeddedQuotaStore()
        self.gateway = Gateway(
            "g", secret=SECRET, quotas=self.quotas, rate=Rate(DAY_US, BURST),
            routes=routes | apis(catalogue, engine) | self.shop.routes(),  # type: ignore[operator]
        )  # fmt: skip
        self.calls = CallLog()
        self.requests = 0

    def ask(self, tenant: str, user: str, route: str, **arguments: Any) -> Response:
        """A request with a true token, that says of itself that it is another tenant's."""
        self.requests += 1
        token = issue(SECRET, user, tenant, now_us=DAY_US, expire_s=3600)
        other = TENANTS[(TENANTS.index(tenant) + 1) % len(TENANTS)]
        at_us = DAY_US + self.requests
        request = Request(self.requests, route, token, at_us, arguments, user="user9", tenant=other)
        return self.gateway.handle(request, Trace(self.calls, self.requests, at_us))


def foreign(tenant: str, answer: Any) -> list[str]:
    """Words of other tenants in an answer."""
    text = orjson.dumps(answer).decode()
    return [word for name, word in WORDS.items() if name != tenant and word in text]


class Tenants(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.house = House()
        self.asked: Counter[tuple[str, str, str]] = Counter()
        self.stock = {(tenant, product): STOCK for tenant in TENANTS for product in PRODUCTS}
        self.carts: dict[tuple[str, str], dict[str, int]] = {}
        self.sold: set[tuple[str, str]] = set()
        self.reviews: dict[tuple[str, str], tuple[str, str]] = {}
        self.votes: dict[tuple[str, str], dict[str, int]] = {}
        self.records: dict[tuple[str, str], float] = {}

    def ask(self, tenant: str, user: str, route: str, **arguments: Any) -> tuple[int, Any]:
        """Status and body; 429 exactly where this tenant's own user has used up this route."""
        response = self.house.ask(tenant, user, route, **arguments)
        body = orjson.loads(response.body)
        over = self.asked[tenant, user, route] >= BURST
        assert (response.status == 429) == over
        self.asked[tenant, user, route] += not over
        return response.status, body

    @rule(tenant=tenants, user=users, text=st.sampled_from(["lamp", "firestick", "acmemrk", *WORDS.values()]))
    def search(self, tenant: str, user: str, text: str) -> None:
        status, body = self.ask(tenant, user, "/v1/search", q=text)
        if status != 200:
            return
        metadata = body["search-metadata"]
        used = [one["used"] for one in metadata["corrections"]]
        shown = [body["results"], metadata["facets"], metadata["highlights"], metadata["did_you_mean"], used]
        assert foreign(tenant, [*shown, metadata["because"]]) == []
        assert metadata["total"] <= len(PRODUCTS)
        if tenant == "default" and text == "firestick":
            assert used == []

    @rule(tenant=tenants, user=users, product=products, route=st.sampled_from(sorted(SURFACES)))
    def recommend(self, tenant: str, user: str, product: str, route: str) -> None:
        about = {"q": "lamp"} if SURFACES[route] == "search_based" else {"product_id": product}
        status, body = self.ask(tenant, user, route, **({} if SURFACES[route] == "home" else about))
        assert status in (200, 429)
        assert foreign(tenant, body) == []
        assert SURFACES[route] != "product" or status == 429 or WORDS[tenant] in body["product"]["product_name"]

    @rule(tenant=tenants, user=users, product=products)
    def nearest(self, tenant: str, user: str, product: str) -> None:
        status, body = self.ask(tenant, user, "/recommendations/faiss/top-n", product_id=product, n=9)
        assert status == 429 or len(body["results"]) == len(PRODUCTS)

    @rule(tenant=tenants, user=users, product=products, units=st.integers(1, 2))
    def add(self, tenant: str, user: str, product: str, units: int) -> None:
        status, body = self.ask(tenant, user, "/v1/cart/add", product_id=product, units=units)
        if status == 200:
            cart = self.carts.setdefault((tenant, user), {})
            cart[product] = cart.get(product, 0) + units
            assert {line["product"]: line["units"] for line in body["cart"]} == cart

    @rule(tenant=tenants, user=users, number=orders)
    def checkout(self, tenant: str, user: str, number: str) -> None:
        order, cart = f"{number}-{user}", self.carts.get((tenant, user), {})
        status, body = self.ask(tenant, user, "/v1/checkout", order=order)
        if status == 429:
            return
        known = (tenant, order) in self.sold
        enough = all(self.stock[tenant, product] >= units for product, units in cart.items())
        if not known and (not cart or not enough):
            assert (status, body["error"]) == (409, "sold-out" if cart else "cart-empty")
            return
        assert status == 200
        if not known:
            for product, units in cart.items():
                self.stock[tenant, product] -= units
        self.sold.add((tenant, order))
        self.carts[tenant, user] = {}

    @rule(tenant=tenants, user=users, product=products, review=reviews)
    def submit(self, tenant: str, user: str, product: str, review: str) -> None:
        image = picture(TENANTS.index(tenant))
        status, body = self.ask(
            tenant, user, "/v1/review/submit", product_id=product, stars=3, review_id=review, media=[image],
            text=f"said {WORDS[tenant]}",
        )  # fmt: skip
        known = self.reviews.get((tenant, review))
        assert status in (429, 201 if known is None else 200 if known[0] == user else 409)
        if status == 201:
            self.reviews[tenant, review] = user, product
            assert self.house.shop.media.get(body["media"][0]) == image

    @rule(tenant=tenants, user=users, review=reviews)
    def comment(self, tenant: str, user: str, review: str) -> None:
        status, _ = self.ask(tenant, user, "/v1/review/comment", review_id=review, text=f"re {WORDS[tenant]}")
        assert status in (429, 201 if (tenant, review) in self.reviews else 404)

    @rule(tenant=tenants, user=users, review=reviews, way=st.sampled_from(["up", "down", "none"]))
    def vote(self, tenant: str, user: str, review: str, way: str) -> None:
        status, body = self.ask(tenant, user, "/v1/vote", review_id=review, direction=way, vote_id="v1")
        assert status in (429, 200 if (tenant, review) in self.reviews else 404)
        if status == 200:
            given = self.votes.setdefault((tenant, review), {})
            given[user] = {"up": 1, "down": -1, "none": 0}[way]
            assert (body["up_votes"], body["down_votes"]) == tally(given)

    @rule(tenant=tenants, user=users, product=products)
    def read(self, tenant: str, user: str, product: str) -> None:
        status, body = self.ask(tenant, user, "/v1/review/list", product_id=product)
        assert foreign(tenant, body) == []
        own = {name for (of, name), (_, about) in self.reviews.items() if (of, about) == (tenant, product)}
        assert status == 429 or {row["review_id"] for row in body["reviews"]} == own

    @rule()
    def background(self) -> None:
        trace = Trace(self.house.calls, 0, DAY_US)
        self.house.shop.sync.run(trace)
        self.house.shop.reviews.publish(trace)
        for (tenant, review), given in self.votes.items():
            assert self.house.shop.store.votes([review], tenant=tenant) == [tally(given)]
        events = [orjson.loads(value) for value in self.house.shop.logged()]
        owners = {(event["event_id"], event["tenant"]) for event in events}
        assert len({event for event, _ in owners}) == len(owners)

    @rule(tenant=tenants, user=users, value=st.floats(0, 1, width=32))
    def learn(self, tenant: str, user: str, value: float) -> None:
        record = UserFeatures(
            embeddings=[value] * 4, recently_viewed=["prod1"], preferred_categories=[], recency_score=value,
            click_through_rate=0.0,
        )  # fmt: skip
        self.house.features.put_features([user], [record], tenant=tenant)
        self.house.lists.publish([user], np.array([[TENANTS.index(tenant) * 3]], np.int32), version=1, tenant=tenant)
        version = self.house.requests = self.house.requests + 1
        vector = np.full((1, 4), value, np.float32)
        self.house.vectors.publish("user", [user], vector, version=version, tenant=tenant)
        for other in TENANTS:
            found = self.house.vectors.get("user", [user], version=version, tenant=other)[0]
            assert (found is not None) == (other == tenant)
        self.records[tenant, user] = value

    @invariant()
    def every_tenant_has_exactly_its_own(self) -> None:
        if not hasattr(self, "house"):
            return
        shop = self.house.shop
        for tenant in TENANTS:
            left = shop.inventory.available(list(PRODUCTS), tenant=tenant)
            assert left == [self.stock[tenant, product] for product in PRODUCTS]
            for user in USERS:
                cart = {line.product: line.units for line in shop.carts.lines(user, tenant=tenant)}
                assert cart == self.carts.get((tenant, user), {})
                record = self.house.features.get_features([user], tenant=tenant)[0]
                value = None if record is None else record.recency_score
                assert value == self.records.get((tenant, user))
                listed = self.house.lists.get([user], tenant=tenant)[0]
                assert listed is None or listed.tolist() == [TENANTS.index(tenant) * 3]

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.shop.close()
            self.house.vectors.close()


def tally(given: dict[str, int]) -> tuple[int, int]:
    """(up, down) of the latest vote of each user."""
    return sum(way > 0 for way in given.values()), sum(way < 0 for way in given.values())


TestTenants = Tenants.TestCase
TestTenants.settings = settings(max_examples=8, stateful_step_count=40, deadline=None, derandomize=True)


def test_no_two_tenants_share_an_event_id_whatever_their_ids_hold() -> None:
    assert wire_event_id("a", "b/c", "d") != wire_event_id("a/b", "c", "d") != wire_event_id("a", "b", "c/d")


def test_a_compound_is_looked_for_among_the_tenants_own_products() -> None:
    index = TantivyProductIndex()
    names = ("lamp", "fire stick")
    index.build((n, document(name, tenant=f"t{n}")) for n, name in enumerate(names))
    assert [index.has_phrase(("fire", "stick"), tenant) for tenant in ("t0", "t1", None)] == [False, True, True]

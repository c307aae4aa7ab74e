"""A recommendation request in process at a million products: CPU time a request, and the share of each hop.

python tests/bench/bench_recommend.py [products] [requests]

The whole path of a home page, a product page, a cart and what was bought with a product: load balancer, gateway
(token, quota), engine, feature store, retrieval, reranker, product documents, JSON. Vectors are clustered and of 64
numbers, as trained ones are; pairs come from random baskets; every user has a feature record with 20 recent views and a
session. One thread. Beside it, in the same run, the work that no request can do without: the FAISS look-up alone and
the documents of a slate alone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "components"))

from together import random_baskets  # noqa: E402

from recsim.components.base import CallLog, Request, Trace  # noqa: E402
from recsim.components.boards import Board  # noqa: E402
from recsim.components.bought_together import BoughtTogether  # noqa: E402
from recsim.components.candidate_sources import Shelves  # noqa: E402
from recsim.components.catalogue import Catalogue, signals_before_any  # noqa: E402
from recsim.components.context import ContextTable  # noqa: E402
from recsim.components.feature_store import EmbeddedFeatureStore  # noqa: E402
from recsim.components.gateway import Gateway  # noqa: E402
from recsim.components.load_balancer import LoadBalancer  # noqa: E402
from recsim.components.product_store import SqliteProductStore  # noqa: E402
from recsim.components.quota import EmbeddedQuotaStore, Rate  # noqa: E402
from recsim.components.recommendation import SURFACES, RecommendationEngine  # noqa: E402
from recsim.components.reranker import RerankService  # noqa: E402
from recsim.components.retrieval import CandidateRetrieval, Publication  # noqa: E402
from recsim.components.tokens import issue, simulated_secret  # noqa: E402
from recsim.recommenders.ann import ProductVectors  # noqa: E402
from recsim.recommenders.rerank import Reranker  # noqa: E402
from recsim.scenario import Scenario  # noqa: E402
from recsim.schema.wire import SessionFeatures, UserFeatures  # noqa: E402

FACTORS, USERS, CATEGORIES = 64, 2_000, 500
NOON_US = 1_735_819_200_000_000
ASKED = ("/v1/home", "/v1/product", "/v1/cart", "/v1/bought-together", "/v1/because-you-viewed")


def main(products: int, requests: int) -> None:
    random = np.random.default_rng(0)
    scenario = Scenario()
    secret = simulated_secret(1)
    with threadpool_limits(1):
        engine, catalogue, publication, store, users = build(products, scenario, random)
        rate = Rate.per_minute(60_000_000, 1_000_000)
        quotas = EmbeddedQuotaStore()
        routes: dict[str, Any] = dict.fromkeys(SURFACES, engine)
        gates = [Gateway(f"g{n}", secret=secret, quotas=quotas, rate=rate, routes=routes) for n in range(3)]
        balancer = LoadBalancer({gate.name: gate for gate in gates})
        tokens = [issue(secret, f"user{n}", "default", now_us=NOON_US, expire_s=86_400) for n in range(USERS)]
        drawn = random.integers(0, products, requests)

        def serve(log: CallLog, number: int) -> int:
            user, route = number % USERS, ASKED[number % len(ASKED)]
            arguments = {} if route in (ASKED[0], ASKED[4]) else {"product_id": catalogue.keys[int(drawn[number])]}
            request = Request(number, route, tokens[user], NOON_US + number * 1_000, arguments, device="mobile")
            response = balancer.handle(request, Trace(log, number, request.at_us))
            assert response.status == 200, response.body
            return len(response.body)

        for number in range(200):
            serve(CallLog(), number)
        log, times_us = CallLog(), np.empty(requests)
        for number in range(requests):
            began = time.thread_time_ns()
            serve(log, number)
            times_us[number] = (time.thread_time_ns() - began) / 1e3
        floor(publication, store, catalogue, users, random)
    report(products, times_us, log)


def build(products: int, scenario: Scenario, random: np.random.Generator) -> tuple[Any, ...]:
    centres = random.standard_normal((1_000, FACTORS), np.float32)
    vectors = centres[random.integers(0, 1_000, products)] + 0.5 * random.standard_normal(
        (products, FACTORS), np.float32
    )
    keys = [f"prod{n}" for n in range(products)]
    catalogue = Catalogue(
        keys, random.lognormal(3, 1, products), random.integers(0, CATEGORIES, products).astype(np.int32),
        [f"c{n}" for n in range(CATEGORIES)], np.zeros(products, np.int32), ["default"], np.full(products, 50),
    )  # fmt: skip
    began = time.process_time()
    publication = Publication(1, vectors, ProductVectors(vectors, choice="auto", seed=1), NOON_US)
    took = time.process_time() - began
    print(f"{products:,} products, index {publication.index.kind.factory}, built in {took:.1f} CPU s")
    retrieval = CandidateRetrieval(catalogue)
    retrieval.swap(publication)
    store = SqliteProductStore.from_url("sqlite:")
    for start in range(0, products, 50_000):
        store.put_many([document(key) for key in keys[start : start + 50_000]])
    popularity = random.zipf(1.5, products).astype(np.float64)
    signals = signals_before_any(catalogue)
    signals = type(signals)(
        random.random(products, np.float32), random.random(products, np.float32), signals.stock,
        np.argsort(-popularity).astype(np.int64), (popularity / popularity.max()).astype(np.float32),
        random.random(products, np.float32), random.integers(0, 100, products),
    )  # fmt: skip
    ranking = scenario.ranking
    reranker = Reranker(ranking.weights, "softmax", 0.1, 1)
    service = RerankService(reranker, catalogue, signals, contexts=ContextTable(["mobile"], ["us"], CATEGORIES))
    pairs = BoughtTogether(products)
    pairs.take(*random_baskets(300_000, products))
    tables = {"default": pairs.publish()}
    features = EmbeddedFeatureStore()
    users = centres[random.integers(0, 1_000, USERS)] + 0.3 * random.standard_normal((USERS, FACTORS), np.float32)
    fill(features, users, keys, random)
    engine = RecommendationEngine(
        catalogue=catalogue, features=features, retrieval=retrieval, reranker=service, products=store,
        candidates=ranking.candidates, slate=ranking.slate, budget_us=ranking.budget_ms * 1_000,
        shelves=Shelves(tables, tables, Board.of_scores(popularity, catalogue)),
    )  # fmt: skip
    print(f"planned: {engine.planned_us(publication) / 1e3:.2f} ms a request, budget {ranking.budget_ms:g} ms")
    return engine, catalogue, publication, store, users


def document(key: str) -> dict[str, Any]:
    return {
        "product_key": key, "product_name": f"a product called {key}", "quantity": 50, "product_details": "text " * 40,
        "pics": [f"https://media.example/{key}-{n}.webp" for n in range(5)], "reviews": [], "brand": "acme",
        "category": ["shop", "lamps"], "price_usd": 10.0,
    }  # fmt: skip


def fill(features: EmbeddedFeatureStore, users: np.ndarray, keys: list[str], random: np.random.Generator) -> None:
    names = [f"user{n}" for n in range(USERS)]
    records = [
        UserFeatures(
            embeddings=np.round(vector.astype(np.float64), 6).tolist(), preferred_categories=["c1", "c2"],
            recently_viewed=[keys[n] for n in random.integers(0, len(keys), 20)], recency_score=0.5,
            click_through_rate=0.3,
        )
        for vector in users
    ]  # fmt: skip
    session = SessionFeatures(device="mobile", current_session_duration=60, current_session_clicks=3)
    features.put_features(names, records)
    features.put_session(names, [session] * USERS, ttl_s=86_400, now_us=NOON_US)


def floor(
    publication: Publication, store: Any, catalogue: Catalogue, users: np.ndarray, random: np.random.Generator
) -> None:
    began = time.thread_time_ns()
    for user in users[:500]:
        publication.index.top_n(user[None, :], 120)
    look_up = (time.thread_time_ns() - began) / 5e5
    began = time.thread_time_ns()
    for _ in range(500):
        orjson.dumps(store.get_many([catalogue.keys[n] for n in random.integers(0, len(catalogue), 20)]))
    documents = (time.thread_time_ns() - began) / 5e5
    print(f"alone, mean: FAISS look-up {look_up:.0f} us, 20 documents to JSON {documents:.0f} us")


def report(products: int, times_us: np.ndarray, log: CallLog) -> None:
    p50, p99 = np.quantile(times_us, [0.5, 0.99])
    print(f"{len(times_us):,} requests at {products:,} products, CPU time of the whole request:")
    print(f"  p50 {p50 / 1e3:.3f} ms   p99 {p99 / 1e3:.3f} ms   {1e6 / times_us.mean():,.0f} requests/s a core")
    for number, route in enumerate(ASKED):
        own = times_us[number :: len(ASKED)]
        low, high = np.quantile(own, [0.5, 0.99]) / 1e3
        print(f"  {route:28} p50 {low:.3f} ms   p99 {high:.3f} ms")
    frame = pl.from_arrow(log.table())
    assert isinstance(frame, pl.DataFrame)
    total = frame["service_us"].sum()
    shares = frame.group_by(pl.col("component").cast(pl.String)).agg(
        pl.len().alias("calls"), pl.col("service_us").mean().alias("mean"), pl.col("service_us").sum().alias("sum")
    )
    for name, calls, mean, own in shares.sort("sum", descending=True).rows():
        print(f"  {name:16} {own / total:6.1%}   {mean:7.1f} us a call, {calls:,} calls")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]) if len(sys.argv) > 2 else (1_000_000, 10_000))

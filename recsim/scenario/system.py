"""The part of a scenario that describes the system under test, and how it is evaluated."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from recsim.registry import did_you_mean
from recsim.scenario.section import Levels, Section, Share
from recsim.schema.tables import EVENT_TYPES


class Stream(Section):
    """The stream plane of a replay."""

    session_gap_minutes: int = Field(30, ge=1, le=1440, description="inactivity that ends a session")
    allowed_lateness_minutes: int = Field(60, ge=1, le=1440, description="how far the watermark trails")
    future_tolerance_s: int = Field(
        60, ge=0, le=86_400, description="a client clock ahead by more is not believed: the event gets its arrival time"
    )
    recently_viewed: int = Field(20, ge=1, le=100, description="products kept in the user-feature record")
    preferred_categories: int = Field(3, ge=1, le=8, description="categories kept in the user-feature record")
    session_ttl_s: int = Field(3600, ge=1, le=31_536_000, description="time to live of session features")


class Stores(Section):
    """Where each store is: a URL a box. An embedded one needs no server."""

    features: str = Field("embedded:", description="embedded:, fakeredis: or redis://host:port/db")
    quotas: str = Field("embedded:", description="embedded:, fakeredis: or redis://host:port/db")
    index: str = Field(
        "embedded:", description="embedded:, opensearch://host:port/index or elasticsearch://host:port/index"
    )
    products: str = Field(
        "sqlite:", description="sqlite:, replica-set:3?lag_ms=20, mongomock: or mongodb://host:port/database"
    )
    reviews: str = Field("sqlite:", description="sqlite:, mongomock: or mongodb://host:port/database")
    inventory: str = Field("sqlite:", description="sqlite: or postgresql://user@host:port/database")
    carts: str = Field("embedded:", description="embedded:, fakeredis: or redis://host:port/db")
    cache: str = Field("embedded:", description="embedded:, fakeredis: or redis://host:port/db")
    topics: str = Field("embedded:", description="embedded: or kafka://host:port")
    media: str = Field("embedded:", description="embedded:, directory:/path or s3://bucket/prefix")
    embeddings: str = Field(
        "file:", description="file:DIRECTORY, fakeredis:, redis://host:port/db or dynamodb:REGION/TABLE"
    )
    precomputed: str = Field("embedded:", description="embedded:, fakeredis: or redis://host:port/db")


class Gateway(Section):
    """Authentication and quotas."""

    tokens_expire_s: int = Field(3600, ge=1, le=31_536_000, description="life of an access token")
    requests_per_minute: float = Field(120.0, gt=0, le=60_000_000, description="quota of a (tenant, user, route)")
    burst: int = Field(30, ge=1, le=1_000_000, description="requests a quota lets through at once")
    instances: int = Field(3, ge=1, le=1000, description="gateways that share the quota")


class Ranking(Section):
    """Retrieval and reranking."""

    candidates: int = Field(100, ge=1, le=10_000, description="products retrieved before reranking")
    slate: int = Field(20, ge=1, le=500, description="products returned")
    policy: Literal["top-k", "softmax"] = Field("top-k", description="how the reranker picks from the scores")
    temperature: float = Field(0.1, gt=0, le=100, description="temperature of the softmax policy")
    weights: Levels = Field(
        {
            "affinity": 1.0,
            "relevance": 1.0,
            "co_purchase": 0.5,
            "recency": 0.15,
            "click_through_rate": 0.1,
            "price_fit": 0.1,
            "rating": 0.1,
            "review_quality": 0.05,
            "review_votes": 0.05,
            "trend": 0.1,
            "context": 0.1,
            "stock": 0.3,
        },
        description="weights of the reranker's features",
    )
    diversity: Literal["none", "cap", "mmr"] = Field(
        "none", description="variety on home, cart and because-you-viewed: caps on a category, or marginal relevance"
    )
    diversity_weight: Share = Field(
        0.5, description="cap: share of a slate one category may have; mmr: score lost for a likeness of 1"
    )
    out_of_stock: Literal["demote", "hide"] = Field(
        "demote", description="what is sold out: ranked by its stock feature, or never shown; carts never show it"
    )
    budget_ms: float = Field(
        10.0, gt=0, le=60_000, description="planned CPU time up to which a recommendation is made in real time"
    )
    trend_half_life_hours: float = Field(24.0, gt=0, le=8760, description="time in which a trending event loses half")

    @model_validator(mode="after")
    def _one_kind_of_chance(self) -> Self:
        if self.policy == "softmax" and self.diversity == "mmr":
            raise ValueError(
                'diversity "mmr" needs policy "top-k": under softmax its propensities are not known; use "cap".'
            )
        return self


class Search(Section):
    """The search index and its cluster."""

    synonyms: list[str] = Field(
        [], max_length=100_000, description='rules: "sofa, couch" means either way, "tee => t-shirt" one way'
    )
    learn_synonyms: bool = Field(
        default=True, description="learn synonyms at midnight from queries that led to the same products"
    )
    facets: bool = Field(default=True, description="count facets for every search")
    shards: int = Field(1, ge=1, le=256, description="shards of the embedded index; more than one makes it a cluster")
    replicas: int = Field(1, ge=0, le=8, description="copies of a shard beside the primary")
    nodes: int = Field(3, ge=1, le=1000, description="data nodes of the cluster")
    zones: int = Field(3, ge=1, le=16, description="zones the nodes are in, round robin")


class Training(Section):
    """The daily batch."""

    factors: int = Field(64, ge=2, le=512, description="dimensions of the embeddings")
    iterations: int = Field(10, ge=1, le=200, description="sweeps of alternating least squares")
    regularization: float = Field(0.05, ge=0, le=1_000_000, description="L2 weight")
    alpha: float = Field(20.0, gt=0, le=10_000, description="confidence of an observed pair over an unobserved one")
    window_days: int = Field(30, ge=1, le=3660, description="days of the lake that are trained on")
    index: Literal["auto", "flat", "ivf"] = Field("auto", description="FAISS index; auto is flat up to 50,000 products")
    gate: Literal["off", "not-worse"] = Field(
        "not-worse", description="whether a model must do as well as yesterday's on the day that is over to be promoted"
    )
    gate_share: Share = Field(0.1, description="users whose last day is kept from training and judged by the gate")
    gate_tolerance: Share = Field(0.1, description="share of the old model's recall that a new one may lose")


class Requests(Section):
    """The request plane: which of the implied requests are really made."""

    share: Share = Field(0.05, description="users whose requests are made; all requests of a chosen user are")
    limit_per_day: int = Field(5_000, ge=0, description="most requests of one day")


class Evaluation(Section):
    """Offline evaluation."""

    split: Literal[
        "auto", "given", "global-time", "k-fold", "leave-last-out", "next-basket", "next-item", "random",
        "sliding-windows", "user-time",
    ] = Field(
        "auto",
        description="auto is the split a world brings (next-item of sessions, next-basket of baskets) or global-time",
    )  # fmt: skip
    test_share: float = Field(
        0.2, gt=0, lt=1, description="part tested on: of the time span, of a user's products, or of the pairs"
    )
    validation_share: float = Field(
        0.0, ge=0, lt=1, description="likewise held out before the test part; 0 is none; used for neither"
    )
    judge_on: Literal["test", "validation"] = Field("test", description="validation leaves the test part untouched")
    seen: Literal["auto", "mask", "keep"] = Field(
        "auto",
        description="whether lists leave out what a user has in training; auto keeps it for sessions and baskets",
    )
    folds: int = Field(5, ge=2, le=100, description="folds of a k-fold split")
    windows: int = Field(4, ge=1, le=1000, description="windows of a sliding-windows split")
    leave_out: int = Field(1, ge=1, le=100, description="products a user that leave-last-out holds out")
    seeds: int = Field(1, ge=1, le=100, description="model seeds; their luck is told apart from that of the users")
    ties: Literal["expected", "listed"] = Field(
        "expected", description="equal scores: the mean over all orders, or the order given"
    )
    segments: bool = Field(True, description="scores by parts of users and products as well")  # noqa: FBT003 - a default
    test: Literal["randomisation", "t"] = Field("randomisation", description="paired test between recommenders")
    recommenders: list[str] = Field(
        ["random", "popular", "item-knn", "ease", "als", "bpr"], min_length=1, description="recommenders compared"
    )
    metrics: list[str] = Field(
        ["recall@20", "ndcg@20", "hit@20", "mrr"], min_length=1, description="metrics, by their names"
    )
    signals: Levels = Field(
        {"view_product": 1.0, "add_to_cart": 3.0, "purchase": 5.0, "submit_review": 1.0},
        description="weight of an event type in the user-product matrix",
    )
    users: int = Field(0, ge=0, description="test users, a sample by hash; 0 is all")
    bootstrap: int = Field(1000, ge=100, le=100_000, description="replicates behind the 95 % intervals")

    @field_validator("signals")
    @classmethod
    def _known_types(cls, signals: dict[str, float]) -> dict[str, float]:
        for name in signals:
            if name not in EVENT_TYPES:
                raise ValueError(f'"{name}" is no event type.{did_you_mean(name, EVENT_TYPES)}')
        return signals

    @model_validator(mode="after")
    def _something_to_learn_from(self) -> Self:
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share together must leave something to learn from")
        return self

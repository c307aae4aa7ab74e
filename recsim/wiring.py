"""From a URL to a component: the only place that sees ports and adapters together."""

from __future__ import annotations

from typing import Any

from recsim.errors import BadInput
from recsim.registry import Registry, did_you_mean

ADAPTERS: dict[str, Registry] = {
    "features": Registry(
        "feature store",
        {
            "embedded": "recsim.components.feature_store:EmbeddedFeatureStore",
            "fakeredis": "recsim.adapters.redis:RedisFeatureStore",
            "redis": "recsim.adapters.redis:RedisFeatureStore",
        },
    ),
    "quotas": Registry(
        "quota store",
        {
            "embedded": "recsim.components.quota:EmbeddedQuotaStore",
            "fakeredis": "recsim.adapters.redis_quota:RedisQuotaStore",
            "redis": "recsim.adapters.redis_quota:RedisQuotaStore",
        },
    ),
    "index": Registry(
        "product index",
        {
            "embedded": "recsim.components.search_engine:TantivyProductIndex",
            "opensearch": "recsim.adapters.opensearch:OpenSearchProductIndex",
            "opensearch+https": "recsim.adapters.opensearch:OpenSearchProductIndex",
            "elasticsearch": "recsim.adapters.opensearch:OpenSearchProductIndex",
            "elasticsearch+https": "recsim.adapters.opensearch:OpenSearchProductIndex",
        },
    ),
    "cache": Registry(
        "cache",
        {
            "embedded": "recsim.components.cache:EmbeddedCache",
            "fakeredis": "recsim.adapters.redis_cache:RedisCache",
            "redis": "recsim.adapters.redis_cache:RedisCache",
        },
    ),
    "inventory": Registry(
        "inventory",
        {
            "sqlite": "recsim.components.inventory:SqliteInventory",
            "postgresql": "recsim.adapters.postgres:PostgresInventory",
            "postgres": "recsim.adapters.postgres:PostgresInventory",
        },
    ),
    "carts": Registry(
        "cart store",
        {
            "embedded": "recsim.components.cart:EmbeddedCartStore",
            "fakeredis": "recsim.adapters.redis_cart:RedisCartStore",
            "redis": "recsim.adapters.redis_cart:RedisCartStore",
        },
    ),
    "media": Registry(
        "media store",
        {
            "embedded": "recsim.components.media:EmbeddedMediaStore",
            "directory": "recsim.components.media:DirectoryMediaStore",
            "s3": "recsim.adapters.s3:S3MediaStore",
        },
    ),
    "embeddings": Registry(
        "embedding store",
        {
            "file": "recsim.components.embedding_store:DirectoryEmbeddingStore",
            "fakeredis": "recsim.adapters.redis_vectors:RedisEmbeddingStore",
            "redis": "recsim.adapters.redis_vectors:RedisEmbeddingStore",
            "dynamodb": "recsim.adapters.dynamodb:DynamoEmbeddingStore",
        },
    ),
    "precomputed": Registry(
        "store of nightly lists",
        {
            "embedded": "recsim.components.precomputed:EmbeddedPrecomputedStore",
            "fakeredis": "recsim.adapters.redis_vectors:RedisPrecomputedStore",
            "redis": "recsim.adapters.redis_vectors:RedisPrecomputedStore",
        },
    ),
    "reviews": Registry(
        "review store",
        {
            "sqlite": "recsim.components.review_store:SqliteReviewStore",
            "mongomock": "recsim.adapters.mongo_reviews:MongoReviewStore",
            "mongodb": "recsim.adapters.mongo_reviews:MongoReviewStore",
        },
    ),
    "topics": Registry(
        "topic log",
        {
            "embedded": "recsim.components.segment_log:SegmentLog",
            "mock-kafka": "recsim.adapters.kafka:KafkaLog",
            "kafka": "recsim.adapters.kafka:KafkaLog",
        },
    ),
    "products": Registry(
        "product store",
        {
            "sqlite": "recsim.components.product_store:SqliteProductStore",
            "replica-set": "recsim.components.replicated_store:ReplicatedProductStore",
            "mongomock": "recsim.adapters.mongo:MongoProductStore",
            "mongodb": "recsim.adapters.mongo:MongoProductStore",
        },
    ),
}
"""Port name → URL scheme → the class that speaks it; each class has `from_url(url: str)`."""


def connect(port: str, url: str) -> Any:  # noqa: ANN401 - what a port returns is the port's own Protocol
    """The implementation of a port that a URL names; raises `BadInput` for an unknown scheme."""
    scheme, colon, _ = url.partition(":")
    registry = ADAPTERS[port]
    if not colon or scheme not in registry:
        raise BadInput(f'unknown {registry.kind} URL "{url}".{did_you_mean(scheme, registry.names())}')
    return registry.load(scheme).from_url(url)

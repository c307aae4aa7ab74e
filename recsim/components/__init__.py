"""The boxes of the system diagram: each file holds one box, its port and its embedded version."""

from __future__ import annotations

from recsim.components.base import Component

COMPONENTS: dict[str, Component] = {
    component.name: component
    for component in (
        Component("load_balancer", "load_balancer:Handler", "load_balancer:LoadBalancer", "ALB, nginx"),
        Component("gateway", "load_balancer:Handler", "gateway:Gateway", "API gateway"),
        Component("quota", "quota:QuotaStore", "quota:EmbeddedQuotaStore", "Redis"),
        Component("search", "gateway:Service", "search:SearchService", "search service"),
        Component("product_index", "product_index:ProductIndex", "search_engine:TantivyProductIndex", "OpenSearch"),
        Component("recommendation", "gateway:Service", "recommendation:RecommendationEngine", "inference service"),
        Component("retrieval", "retrieval:CandidateRetrieval", "retrieval:CandidateRetrieval", "FAISS service"),
        Component("reranker", "reranker:RerankService", "reranker:RerankService", "ranking service"),
        Component("feature_store", "feature_store:FeatureStore", "feature_store:EmbeddedFeatureStore", "Redis"),
        Component("product_store", "product_store:ProductStore", "product_store:SqliteProductStore", "MongoDB"),
        Component("model_store", "model_store:ModelStore", "model_store:ModelStore", "model registry"),
        Component(
            "embedding_store", "embedding_store:EmbeddingStore", "embedding_store:DirectoryEmbeddingStore", "DynamoDB"
        ),
        Component("precomputed", "precomputed:PrecomputedStore", "precomputed:EmbeddedPrecomputedStore", "Redis"),
        Component("bought_together", "bought_together:PairTable", "bought_together:BoughtTogether", "Flink"),
        Component("event_log", "topics:TopicLog", "segment_log:SegmentLog", "Kafka"),
        Component("stream_processor", "stream_processor:StreamProcessor", "stream_processor:StreamProcessor", "Flink"),
        Component("cart", "cart:CartStore", "cart:CartService", "cart service"),
        Component("checkout", "gateway:Service", "checkout:CheckoutService", "checkout service"),
        Component("inventory", "inventory:Inventory", "inventory:SqliteInventory", "PostgreSQL"),
        Component("stock_cache", "cache:Cache", "stock_cache:CachedStock", "Redis"),
        Component("reviews", "gateway:Service", "reviews:ReviewService", "review service"),
        Component("review_store", "review_store:ReviewStore", "review_store:SqliteReviewStore", "MongoDB"),
        Component("votes", "gateway:Service", "votes:VoteService", "vote service"),
        Component("vote_cache", "cache:Cache", "cache:EmbeddedCache", "Redis"),
        Component("media_store", "media:MediaStore", "media:EmbeddedMediaStore", "S3"),
        Component("edge_cache", "edge_cache:Room", "edge_cache:EdgeCache", "CDN"),
        Component("push", "push:Provider", "push:PushService", "FCM, APNs"),
        Component("search_cluster", "product_index:ProductIndex", "search_cluster:SearchCluster", "OpenSearch cluster"),
        Component("replica_set", "product_store:ProductStore", "replica_set:ReplicaSet", "MongoDB replica set"),
    )
}
"""Every box by name."""

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
        Component("event_log", "event_log:EventLog", "event_log:EventLog", "Kafka"),
        Component("stream_processor", "stream_processor:StreamProcessor", "stream_processor:StreamProcessor", "Flink"),
    )
}
"""Every box by name."""

"""Metrics, one a file; `METRICS` is what a user can name, with `@k` behind it."""

from __future__ import annotations

from recsim.registry import Registry

METRICS = Registry(
    "metric",
    {
        "hit": "recsim.metrics.hit:HIT",
        "map": "recsim.metrics.average_precision:MAP",
        "map_min": "recsim.metrics.average_precision:MAP_MIN",
        "mrr": "recsim.metrics.reciprocal_rank:MRR",
        "ndcg": "recsim.metrics.ndcg:NDCG",
        "precision": "recsim.metrics.precision:PRECISION",
        "recall": "recsim.metrics.recall:RECALL",
        "recall_cap": "recsim.metrics.recall_cap:RECALL_CAP",
    },
)

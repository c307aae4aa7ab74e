"""Metrics, one a file or a family a file; `METRICS` is what a user can name, with `@k` behind it."""

from __future__ import annotations

from recsim.registry import Registry

METRICS = Registry(
    "metric",
    {
        "auc": "recsim.metrics.auc:AUC",
        "basket_recall": "recsim.metrics.recall:BASKET_RECALL",
        "dcg": "recsim.metrics.ndcg:DCG",
        "dcg_exp": "recsim.metrics.ndcg:DCG_EXP",
        "dcg_linear": "recsim.metrics.ndcg:DCG_LINEAR",
        "hit": "recsim.metrics.hit:HIT",
        "hits": "recsim.metrics.hit:HITS",
        "map": "recsim.metrics.average_precision:MAP",
        "map_min": "recsim.metrics.average_precision:MAP_MIN",
        "mrr": "recsim.metrics.reciprocal_rank:MRR",
        "ndcg": "recsim.metrics.ndcg:NDCG",
        "ndcg_exp": "recsim.metrics.ndcg:NDCG_EXP",
        "ndcg_linear": "recsim.metrics.ndcg:NDCG_LINEAR",
        "phr": "recsim.metrics.hit:PHR",
        "precision": "recsim.metrics.precision:PRECISION",
        "r_precision": "recsim.metrics.precision:R_PRECISION",
        "recall": "recsim.metrics.recall:RECALL",
        "recall_cap": "recsim.metrics.recall:RECALL_CAP",
        "session_mrr": "recsim.metrics.reciprocal_rank:SESSION_MRR",
        "session_precision": "recsim.metrics.hit:SESSION_PRECISION",
    },
)

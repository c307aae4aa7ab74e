"""Metrics, one a file or a family a file; `METRICS` is what a user can name, with `@k` behind it."""

from __future__ import annotations

from recsim.registry import Registry

METRICS = Registry(
    "metric",
    {
        "arp": "recsim.metrics.popularity_bias:ARP",
        "auc": "recsim.metrics.auc:AUC",
        "basket_recall": "recsim.metrics.recall:BASKET_RECALL",
        "calibration": "recsim.metrics.calibration:CALIBRATION",
        "catalogue_coverage": "recsim.metrics.exposure:CATALOGUE_COVERAGE",
        "dcg": "recsim.metrics.ndcg:DCG",
        "dcg_exp": "recsim.metrics.ndcg:DCG_EXP",
        "dcg_linear": "recsim.metrics.ndcg:DCG_LINEAR",
        "gini": "recsim.metrics.exposure:GINI",
        "hit": "recsim.metrics.hit:HIT",
        "hits": "recsim.metrics.hit:HITS",
        "ild_category": "recsim.metrics.diversity:ILD_CATEGORY",
        "ild_vector": "recsim.metrics.diversity:ILD_VECTOR",
        "item_gap": "recsim.metrics.gaps:ITEM_GAP",
        "map": "recsim.metrics.average_precision:MAP",
        "map_min": "recsim.metrics.average_precision:MAP_MIN",
        "mrr": "recsim.metrics.reciprocal_rank:MRR",
        "ndcg": "recsim.metrics.ndcg:NDCG",
        "ndcg_exp": "recsim.metrics.ndcg:NDCG_EXP",
        "ndcg_linear": "recsim.metrics.ndcg:NDCG_LINEAR",
        "novelty": "recsim.metrics.novelty:NOVELTY",
        "phr": "recsim.metrics.hit:PHR",
        "precision": "recsim.metrics.precision:PRECISION",
        "r_precision": "recsim.metrics.precision:R_PRECISION",
        "recall": "recsim.metrics.recall:RECALL",
        "recall_cap": "recsim.metrics.recall:RECALL_CAP",
        "regret": "recsim.metrics.truth:REGRET",
        "serendipity": "recsim.metrics.serendipity:SERENDIPITY",
        "session_mrr": "recsim.metrics.reciprocal_rank:SESSION_MRR",
        "session_precision": "recsim.metrics.hit:SESSION_PRECISION",
        "share_of_oracle": "recsim.metrics.truth:SHARE_OF_ORACLE",
        "tail_share": "recsim.metrics.popularity_bias:TAIL_SHARE",
        "unexpectedness": "recsim.metrics.serendipity:UNEXPECTEDNESS",
        "user_gap": "recsim.metrics.gaps:USER_GAP",
    },
)

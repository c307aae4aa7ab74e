"""Recommenders, one a file; `RECOMMENDERS` is what a user can name."""

from __future__ import annotations

from recsim.registry import Registry

RECOMMENDERS = Registry(
    "recommender",
    {
        "als": "recsim.recommenders.als:ALS",
        "bpr": "recsim.recommenders.bpr:BPR",
        "ease": "recsim.recommenders.ease:EASE",
        "item-knn": "recsim.recommenders.item_knn:ItemKNN",
        "markov": "recsim.recommenders.markov:Markov",
        "popular": "recsim.recommenders.popular:Popular",
        "pure-svd": "recsim.recommenders.pure_svd:PureSVD",
        "random": "recsim.recommenders.random:Random",
        "session-item-knn": "recsim.recommenders.session_item_knn:SessionItemKNN",
        "session-popular": "recsim.recommenders.session_popular:SessionPopular",
        "vs-sknn": "recsim.recommenders.vs_sknn:VSSKNN",
    },
)

"""Recommenders, one a file; `RECOMMENDERS` is what a user can name."""

from __future__ import annotations

from recsim.registry import Registry

RECOMMENDERS = Registry(
    "recommender",
    {
        "als": "recsim.recommenders.als:ALS",
        "bpr": "recsim.recommenders.bpr:BPR",
        "content": "recsim.recommenders.content:Content",
        "ease": "recsim.recommenders.ease:EASE",
        "gf-cf": "recsim.recommenders.gf_cf:GFCF",
        "hybrid": "recsim.recommenders.hybrid:Hybrid",
        "ials": "recsim.recommenders.ials:IALS",
        "item-knn": "recsim.recommenders.item_knn:ItemKNN",
        "item2vec": "recsim.recommenders.item2vec:Item2Vec",
        "markov": "recsim.recommenders.markov:Markov",
        "personal-popular": "recsim.recommenders.personal_popular:PersonalPopular",
        "popular": "recsim.recommenders.popular:Popular",
        "pure-svd": "recsim.recommenders.pure_svd:PureSVD",
        "random": "recsim.recommenders.random:Random",
        "rp3beta": "recsim.recommenders.rp3beta:RP3Beta",
        "session-item-knn": "recsim.recommenders.session_item_knn:SessionItemKNN",
        "session-popular": "recsim.recommenders.session_popular:SessionPopular",
        "slim": "recsim.recommenders.slim:SLIM",
        "user-knn": "recsim.recommenders.user_knn:UserKNN",
        "vs-sknn": "recsim.recommenders.vs_sknn:VSSKNN",
    },
)

"""Content knows products nobody met; the hybrid adds ranks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matrices import described, in_a_row, matrix_of, two_clubs

from recsim.errors import BadInput
from recsim.recommenders.base import Interactions
from recsim.recommenders.content import Content, features_of
from recsim.recommenders.hybrid import Hybrid
from recsim.recommenders.item_knn import ItemKNN

SHOP = pl.DataFrame(
    {
        "name": ["Red wool hat", "Red wool scarf", "Garden hose", "Garden rake", None, "Hose reel"],
        "brand": ["Nord", "Nord", None, "Verde", None, "Verde"],
        "category": [["clothes", "hats"], ["clothes", "scarves"], ["garden"], ["garden"], None, ["garden"]],
        "description": [None, "wool", None, None, None, "for a garden hose"],
        "price_usd": [20.0, 25.0, 30.0, 15.0, None, 60.0],
    }
)


def test_content_recommends_what_nobody_met_yet() -> None:
    model = Content()
    model.fit(Interactions(matrix_of([0], [2], []), catalogue=SHOP), seed=1)
    slates = model.recommend(np.array([0, 1, 2]), 3, mask_seen=True)
    assert slates.products[0, 0] == 1  # the scarf of the same brand and wool
    assert set(slates.products[1, :2]) == {3, 5}  # rake and reel: garden, hose
    assert slates.products[2].tolist() == [-1, -1, -1]
    assert 4 not in slates.products  # a product of which nothing is known


def test_rows_of_features_have_length_one_or_nothing() -> None:
    matrix = features_of(SHOP, {"word": 1.0, "name": 2.0, "attribute": 1.5}, 3)
    lengths = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    assert lengths == pytest.approx([1, 1, 1, 1, 0, 1], abs=1e-6)


def test_content_without_a_catalogue_is_refused() -> None:
    with pytest.raises(BadInput, match='recommender "content" needs products with a name'):
        Content().fit(Interactions(matrix_of([0])), seed=1)


def test_the_hybrid_is_its_parts_at_both_ends() -> None:
    clubs = described(in_a_row(two_clubs()))
    users = np.arange(60)
    for share, part in ((0.0, ItemKNN()), (1.0, Content())):
        fused = Hybrid(content=share)
        fused.fit(clubs, seed=1)
        part.fit(clubs, seed=1)
        alone = part.recommend(users, 8, mask_seen=True)
        assert (fused.recommend(users, 8, mask_seen=True).products == alone.products).all()


def test_the_hybrid_adds_reciprocal_ranks() -> None:
    fused = Hybrid(content=0.25, flatness=10)
    fused.fit(Interactions(matrix_of([0, 3], [0, 3, 2], [1]), catalogue=SHOP), seed=1)
    one = fused._models[0].recommend(np.array([0]), 100, mask_seen=True).products[0].tolist()
    two = fused._models[1].recommend(np.array([0]), 100, mask_seen=True).products[0].tolist()
    slates = fused.recommend(np.array([0]), 6, mask_seen=True)
    for product, score in zip(slates.products[0], slates.scores[0], strict=True):
        if product >= 0:
            parts = [w / (11 + ranks.index(product)) for w, ranks in ((0.75, one), (0.25, two)) if product in ranks]
            assert score == pytest.approx(sum(parts))

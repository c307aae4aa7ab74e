from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matrices import matrix_of, two_clubs
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.als import ALS
from recsim.recommenders.base import Interactions
from recsim.recommenders.ease import EASE, ByProducts, ByUsers, ease_weights
from recsim.recommenders.item_knn import ItemKNN
from recsim.recommenders.popular import Popular
from recsim.recommenders.random import Random


def test_popular_counts_users_and_breaks_ties_by_product() -> None:
    model = Popular()
    model.fit(Interactions(matrix_of([0, 3], [3, 5], [3, 5], [1])), seed=1)
    slates = model.recommend(np.array([3, 0]), 4, mask_seen=True)
    assert slates.products.tolist() == [[3, 5, 0, 2], [5, 1, 2, 4]]
    assert slates.scores.tolist() == [[3, 2, 1, 0], [2, 1, 0, 0]]


def test_random_deals_every_product_equally_often_at_every_rank() -> None:
    model = Random()
    model.fit(Interactions(csr_matrix((20_000, 8), dtype=np.float32)), seed=3)
    products = model.recommend(np.arange(20_000), 8, mask_seen=True).products
    assert (np.sort(products, axis=1) == np.arange(8)).all()
    for rank in range(8):
        counts = np.bincount(products[:, rank], minlength=8)
        assert ((counts - 2500) ** 2 / 2500).sum() < 30  # chi-square, 7 degrees of freedom: p = 1e-4


def test_random_reaches_the_last_unseen_product() -> None:
    model = Random()
    model.fit(Interactions(matrix_of([0, 1, 2, 4, 5])), seed=1)
    assert model.recommend(np.array([0]), 3, mask_seen=True).products.tolist() == [[3, -1, -1]]


def test_ease_is_the_closed_form_computed_plainly() -> None:
    random = np.random.default_rng(2)
    dense = (random.random((80, 300)) < 0.1).astype(np.float32)
    gram = (dense.T @ dense).astype(np.float64) + 10.0 * np.eye(300)
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    assert ease_weights(csr_matrix(dense), 10.0) == pytest.approx(expected, abs=2e-6)


def test_ease_over_users_scores_as_ease_over_products() -> None:
    dense = np.random.default_rng(3).random((40, 90)) < 0.15
    binary = csr_matrix(dense.astype(np.float32))
    users = np.arange(40)
    over_users, over_products = ByUsers(binary, 7.0), ByProducts(binary, 7.0)
    one, two = over_users.rank(users, 10, binary), over_products.rank(users, 10, binary)
    assert one.scores == pytest.approx(two.scores, abs=2e-5)
    assert (one.products == two.products).mean() > 0.99


@pytest.mark.parametrize(("regularization", "reason"), [(0.0, "not above 0"), (1e-9, "too small")])
def test_ease_says_which_parameter_to_mend(regularization: float, reason: str) -> None:
    everybody_alike = Interactions(csr_matrix(np.ones((30, 60), np.float32)))
    with pytest.raises(BadInput, match=rf"ease: regularization .* is {reason}.*; raise it"):
        EASE(regularization=regularization).fit(everybody_alike, seed=1)


def test_item_knn_with_cosine_settings_is_cosine() -> None:
    clubs = two_clubs()
    model = ItemKNN(neighbours=40, user_damping=0.0, discount=0.5, spread=0.5)
    model.fit(clubs, seed=1)
    dense = clubs.matrix.toarray()
    lengths = np.sqrt((dense**2).sum(axis=0))
    cosine = (dense.T @ dense) / np.outer(lengths, lengths)
    np.fill_diagonal(cosine, 0.0)
    expected = dense @ cosine
    slates = model.recommend(np.arange(60), 5, mask_seen=False)
    assert slates.scores == pytest.approx(-np.sort(-expected, axis=1)[:, :5], rel=1e-5)


def test_item_knn_keeps_so_many_neighbours_and_no_more() -> None:
    model = ItemKNN(neighbours=1, user_damping=0.0, discount=0.5, spread=0.5)
    model.fit(Interactions(matrix_of([0, 1], [0, 1], [0, 2], [0])), seed=1)
    # 1 is nearer to 0 (2 of √(4·2)) than 2 is (1 of √(4·1)), so who knows 0 alone is offered 1 alone.
    assert model.recommend(np.array([3]), 3, mask_seen=True).products.tolist() == [[1, -1, -1]]


def test_als_shows_its_vectors() -> None:
    model = ALS(factors=8, iterations=3, regularization=0.1, alpha=5.0)
    model.fit(two_clubs(), seed=1)
    assert model.user_vectors.shape == (60, 8)
    assert model.product_vectors.shape == (40, 8)
    assert model.user_vectors.dtype == model.product_vectors.dtype == np.float32
    assert model.user_vectors.flags.c_contiguous


def test_als_does_not_change_what_it_is_given() -> None:
    clubs = two_clubs()
    before = clubs.matrix.data.copy()
    ALS(factors=4, iterations=1).fit(clubs, seed=1)
    assert (clubs.matrix.data == before).all()


@pytest.mark.real
def test_popular_reaches_the_published_figure_on_gowalla(real_data: Path) -> None:
    """Open-CF benchmark, ItemPop on the Gowalla split of LightGCN: HitRate@20 0.2038."""
    folder = real_data / "gowalla-lightgcn"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    train, test = (_pairs(folder / f"{part}.parquet") for part in ("train", "test"))
    model = Popular()
    model.fit(Interactions(train), seed=1)
    products = model.recommend(np.arange(29_858), 20, mask_seen=True).products
    hits = [bool(set(row) & set(test.indices[test.indptr[u] : test.indptr[u + 1]])) for u, row in enumerate(products)]
    assert np.mean(hits) == pytest.approx(0.2038, abs=5e-5)


def _pairs(path: Path) -> csr_matrix:
    frame = pl.read_parquet(path)
    cells = (np.ones(len(frame), np.float32), (frame["user"].to_numpy(), frame["item"].to_numpy()))
    matrix = csr_matrix(cells, shape=(29_858, 40_981))
    matrix.sort_indices()
    return matrix

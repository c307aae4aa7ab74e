"""Item-item models against their formulas computed plainly."""

from __future__ import annotations

import numpy as np
import pytest
from matrices import matrix_of, sessions_of, two_clubs
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Interactions
from recsim.recommenders.cases import counts_of
from recsim.recommenders.ease import EASE, ByProducts, ByUsers
from recsim.recommenders.gf_cf import GFCF
from recsim.recommenders.ials import IALS
from recsim.recommenders.item_knn import ItemKNN
from recsim.recommenders.popular import Popular
from recsim.recommenders.rp3beta import RP3Beta
from recsim.recommenders.similarity import Settings, neighbours_of
from recsim.recommenders.slim import SLIM
from recsim.recommenders.user_knn import UserKNN


def noise(users: int = 50, products: int = 30, share: float = 0.15) -> csr_matrix:
    return csr_matrix((np.random.default_rng(4).random((users, products)) < share).astype(np.float32))


@pytest.mark.parametrize(
    ("settings", "formula"),
    [
        (Settings("cosine"), lambda c, a, b: c / np.sqrt(a * b)),
        (Settings("cosine", shrink=3.0), lambda c, a, b: c / (np.sqrt(a * b) + 3)),
        (Settings("jaccard"), lambda c, a, b: c / (a + b - c)),
        (
            Settings("tversky", tversky=(0.7, 0.2), shrink=1.0),
            lambda c, a, b: c / (c + 0.7 * (a - c) + 0.2 * (b - c) + 1),
        ),
        (Settings("damped", discount=0.4, spread=0.9), lambda c, a, b: c / (a**0.4 * b**0.9)),
    ],
)
def test_a_similarity_is_its_formula(settings, formula) -> None:  # type: ignore[no-untyped-def]
    binary = noise()
    dense = binary.toarray().astype(np.float64)
    common, counts = dense.T @ dense, np.maximum(dense.sum(axis=0), 1e-9)
    expected = formula(common, counts[:, None], counts[None, :])
    np.fill_diagonal(expected, 0.0)
    assert neighbours_of(binary, 30, settings).toarray() == pytest.approx(expected, rel=1e-5)


def test_tfidf_is_the_cosine_of_rarity_weighted_rows() -> None:
    binary = noise()
    dense = binary.toarray().astype(np.float64) * np.log(30 / (1 + binary.toarray().sum(axis=1)))[:, None]
    lengths = np.maximum(np.sqrt((dense**2).sum(axis=0)), 1e-9)
    expected = dense.T @ dense / np.outer(lengths, lengths)
    np.fill_diagonal(expected, 0.0)
    assert neighbours_of(binary, 30, Settings("tfidf")).toarray() == pytest.approx(expected, rel=1e-4)


def test_bm25_weighs_as_the_implicit_library_does() -> None:
    from implicit.nearest_neighbours import bm25_weight

    binary = noise()
    weighted = bm25_weight(binary.T.tocoo(), K1=1.2, B=0.75).toarray()  # products × users, as the library has it
    expected = weighted @ weighted.T
    np.fill_diagonal(expected, 0.0)
    assert neighbours_of(binary, 30, Settings("bm25")).toarray() == pytest.approx(expected, rel=1e-4)


def test_item_knn_may_predict_as_sarwar_does() -> None:
    binary = noise()
    model = ItemKNN(neighbours=4, similarity="cosine", keep="candidate", normalise=True, centre=True)
    model.fit(Interactions(binary), seed=1)
    dense = binary.toarray().astype(np.float64)
    counts = np.maximum(dense.sum(axis=0), 1e-9)
    weights = dense.T @ dense / np.sqrt(np.outer(counts, counts))
    np.fill_diagonal(weights, 0.0)
    for row in weights:
        row[np.argsort(-row, kind="stable")[4:]] = 0.0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    shares = dense.mean(axis=0)
    expected = (dense - shares) @ weights.T + shares
    slates = model.recommend(np.arange(50), 30, mask_seen=False)
    assert slates.scores == pytest.approx(-np.sort(-expected, axis=1), abs=1e-5)


def test_user_knn_leaves_the_user_himself_out() -> None:
    model = UserKNN(neighbours=2, product_damping=0.0, spread=0.5)
    interactions = Interactions(matrix_of([0, 1], [0, 1, 2], [1, 3], [4]))
    model.fit(interactions, seed=1)
    slates = model.recommend(np.array([0]), 3, mask_seen=True)
    assert slates.products.tolist() == [[2, 3, -1]]
    assert slates.scores[0, :2] == pytest.approx([2 / 6**0.5, 1 / 2])
    after = model.recommend_after(sessions_of([0, 1]), 3, mask_seen=True)
    assert after.scores[0, 0] == pytest.approx(2 / 6**0.5)  # now user 0 is a neighbour too, but brings nothing new


def test_rp3beta_is_the_product_of_its_steps() -> None:
    binary = noise()
    model = RP3Beta(neighbours=30, alpha=0.6, beta=0.3)
    model.fit(Interactions(binary), seed=1)
    dense = binary.toarray().astype(np.float64)
    degrees, counts = np.maximum(dense.sum(axis=1), 1), np.maximum(dense.sum(axis=0), 1)
    walks = (dense.T / counts[:, None]) ** 0.6 @ (dense / degrees[:, None]) ** 0.6 / counts**0.3
    np.fill_diagonal(walks, 0.0)
    slates = model.recommend(np.arange(50), 5, mask_seen=False)
    expected = -np.sort(-(dense @ walks), axis=1)[:, :5]
    kept = slates.products >= 0
    assert slates.scores[kept] == pytest.approx(expected[kept], rel=1e-4)


def test_gf_cf_is_the_sum_of_its_two_filters() -> None:
    binary = noise(60, 25, 0.3)
    model = GFCF(factors=5, low_pass=0.3)
    model.fit(Interactions(binary), seed=1)
    dense = binary.toarray().astype(np.float64)
    normalised = dense / np.sqrt(np.outer(dense.sum(axis=1), dense.sum(axis=0)))
    _, _, right = np.linalg.svd(normalised)
    roots = np.sqrt(dense.sum(axis=0))
    low = (dense / roots) @ right[:5].T @ right[:5] * roots
    expected = dense @ normalised.T @ normalised + 0.3 * low
    slates = model.recommend(np.arange(60), 25, mask_seen=False)
    assert slates.scores == pytest.approx(-np.sort(-expected, axis=1), abs=2e-3)


def test_slim_finds_the_minimum_scikit_learn_finds() -> None:
    from sklearn.linear_model import ElasticNet

    binary = noise(80, 20, 0.3)
    l1, l2 = 1.5, 6.0
    model = SLIM(l1=l1, l2=l2, neighbours=0, passes=400, tolerance=1e-9)
    model.fit(Interactions(binary), seed=1)
    dense = binary.toarray().astype(np.float64)
    for product in (0, 7, 19):
        others = np.delete(np.arange(20), product)
        net = ElasticNet(
            alpha=(l1 + l2) / 80,
            l1_ratio=l1 / (l1 + l2),
            fit_intercept=False,
            positive=True,
            tol=1e-12,
            max_iter=100_000,
        )
        net.fit(dense[:, others], dense[:, product])
        found = model._weights.toarray()[others, product]
        assert found == pytest.approx(net.coef_, abs=2e-5)


def test_slim_looks_at_so_many_products_and_no_more() -> None:
    model = SLIM(l1=0.0, l2=1.0, neighbours=2)
    model.fit(Interactions(noise(80, 20, 0.3)), seed=1)
    assert np.diff(model._weights.tocsc().indptr).max() <= 2


def test_ials_reaches_the_minimum_of_its_loss() -> None:
    binary = noise(40, 25, 0.3)
    model = IALS(factors=4, iterations=60, regularization=0.02, unobserved=0.2, scaling=1.0, steps=6)
    model.fit(Interactions(binary), seed=1)
    dense = binary.toarray().astype(np.float64)
    users, products = model.user_vectors.astype(np.float64), model.product_vectors.astype(np.float64)
    for user in (0, 11):
        own = products[dense[user] > 0]
        weight = 0.02 * (len(own) + 0.2 * 25)
        system = 0.2 * products.T @ products + own.T @ own + weight * np.eye(4)
        assert users[user] == pytest.approx(np.linalg.solve(system, own.sum(axis=0)), abs=2e-2)
    history = sessions_of(binary[3].indices.tolist())
    own, slates = model.recommend(np.array([3]), 5, mask_seen=True), model.recommend_after(history, 5, mask_seen=True)
    assert own.products.tolist() == slates.products.tolist()


@pytest.mark.parametrize("shape", [(40, 90), (90, 40)])
def test_ease_scores_a_history_as_it_scores_the_user_who_has_it(shape: tuple[int, int]) -> None:
    clubs = two_clubs(*shape)
    model = EASE(regularization=7.0)
    model.fit(clubs, seed=1)
    history = sessions_of(*[row.indices.tolist() for row in clubs.matrix])
    one, two = (
        model.recommend(np.arange(shape[0]), 10, mask_seen=True),
        model.recommend_after(history, 10, mask_seen=True),
    )
    assert one.scores == pytest.approx(two.scores, abs=1e-4)


def test_the_two_sides_of_ease_agree_on_strange_histories() -> None:
    binary = noise(40, 40, 0.2)
    rows = counts_of(sessions_of([1, 2, 3], [30, 39, 4]), 40)
    one, two = (side(binary, 5.0).rank_rows(rows, 8, None) for side in (ByUsers, ByProducts))
    assert one.scores == pytest.approx(two.scores, abs=1e-4)


def test_popular_may_look_at_the_last_days_only_or_forget_by_and_by() -> None:
    day = 86_400_000_000
    matrix = matrix_of([0, 1], [0, 2], [0, 2], [1])
    times = np.array([0, 10, 1, 10, 2, 9, 9]) * day
    recent, fading = Popular(days=3.0), Popular(half_life_days=1.0)
    for model in (recent, fading):
        model.fit(Interactions(matrix, times), seed=1)
    assert recent.recommend(np.array([3]), 2, mask_seen=False).products.tolist() == [[1, 2]]
    assert fading.recommend(np.array([3]), 2, mask_seen=False).scores[0] == pytest.approx([1.5, 1.5])
    with pytest.raises(BadInput, match="popular: days and half_life_days need times"):
        Popular(days=3.0).fit(Interactions(matrix), seed=1)

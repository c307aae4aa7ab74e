"""The loss of BPR and its steps."""

from __future__ import annotations

import numpy as np
import pytest
from matrices import matrix_of, two_clubs
from numpy.typing import NDArray

from recsim.recommenders.bpr import BPR, _adam, slopes

Vectors = list[NDArray[np.float32]]
STRANGERS = matrix_of([0], [1], [2], [3])


def plain_loss(vectors: Vectors, sharpness: float) -> float:
    users, liked, rivals = (v.astype(np.float64) / np.linalg.norm(v, axis=1, keepdims=True) for v in vectors)
    gaps = sharpness * (users @ rivals.T - (users * liked).sum(axis=1, keepdims=True))
    return float(np.log1p(np.exp(gaps).sum(axis=1)).mean())


def drawn_vectors(rivals: int) -> Vectors:
    random = np.random.default_rng(5)
    return [random.normal(size=(n, 6)).astype(np.float32) for n in (4, 4, rivals)]


@pytest.mark.parametrize("rivals", [1, 3])
def test_slopes_are_the_derivatives_of_the_loss(rivals: int) -> None:
    vectors = drawn_vectors(rivals)
    none = np.full(10, -1)
    found = slopes(*vectors, 2.0, (np.arange(4), STRANGERS.indptr, STRANGERS.indices, none))
    for side in range(3):
        for place in np.ndindex(vectors[side].shape):
            moved = [[v.astype(np.float64) for v in vectors] for _ in range(2)]
            moved[0][side][place] += 1e-5
            moved[1][side][place] -= 1e-5
            slope = (plain_loss(moved[0], 2.0) - plain_loss(moved[1], 2.0)) / 2e-5
            assert found[side][place] == pytest.approx(slope, abs=1e-6)


def test_a_product_of_the_history_is_no_rival() -> None:
    vectors = drawn_vectors(4)
    column = np.array([0, 1, 2, 3])  # rival i is product i, which user i has
    found = slopes(*vectors, 2.0, (np.arange(4), STRANGERS.indptr, STRANGERS.indices, column))
    without = np.delete(vectors[2], 2, axis=0)
    spared = slopes(
        *vectors[:2], without, 2.0, (np.arange(4), STRANGERS.indptr, STRANGERS.indices, np.array([0, 1, -1, 2]))
    )
    assert found[0][2] == pytest.approx(spared[0][2], abs=1e-7)
    assert np.abs(found[0][1] - spared[0][1]).max() > 1e-3


def test_a_first_step_has_the_length_of_the_rate_and_a_row_named_twice_takes_one() -> None:
    vectors = np.zeros((3, 2), np.float32)
    state = np.zeros_like(vectors), np.zeros_like(vectors), np.zeros(3, np.int64)
    given = np.array([[1, -2], [5, 5], [1, -2]], np.float32)
    _adam(vectors, *state, np.array([2, 0, 2]), given, 0.1)
    assert vectors == pytest.approx(np.array([[-0.1, -0.1], [0, 0], [-0.1, 0.1]]), abs=1e-6)
    assert state[2].tolist() == [1, 0, 1]
    assert state[0][2] == pytest.approx([0.2, -0.4])


def test_scores_are_cosines() -> None:
    clubs = two_clubs()
    model = BPR(iterations=2)
    model.fit(clubs, seed=1)
    scores = model.recommend(np.arange(60), 40, mask_seen=False).scores
    assert scores[np.isfinite(scores)].min() >= -1.00001
    assert scores.max() <= 1.00001
    assert np.linalg.norm(model.product_vectors, axis=1) == pytest.approx(np.ones(40), abs=1e-5)

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from recsim.metrics.significance import compare, holm, randomisation_test, smallest_difference, split_seeds, t_test


def values(n: int = 60, m: int = 3, shift: float = 0.0) -> np.ndarray:
    out = np.random.default_rng(5).random((n, m))
    out[:, 0] += shift
    return out


def test_the_t_test_is_that_of_scipy() -> None:
    data = values()
    mine = t_test(data)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert mine[a, b] == pytest.approx(stats.ttest_rel(data[:, a], data[:, b]).pvalue, rel=1e-9)


def test_the_randomisation_test_of_few_users_is_the_share_of_all_swaps() -> None:
    data = values(n=8, m=2, shift=0.2)
    gaps = data[:, 0] - data[:, 1]
    signs = 1 - 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    sums = np.abs(signs @ gaps)
    exact = np.mean(sums > abs(gaps.sum()) + 1e-12) + 0.5 * np.mean(np.abs(sums - abs(gaps.sum())) <= 1e-12)
    assert randomisation_test(data, seed=1, replicates=40_000)[0, 1] == pytest.approx(exact, abs=0.01)


def test_holm_is_the_textbook_example() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_equal_recommenders_are_not_told_apart_and_constants_are() -> None:
    data = np.column_stack([values()[:, 0], values()[:, 0], np.zeros(60), np.ones(60)])
    assert t_test(data)[0, 1] == 1.0
    assert t_test(data)[2, 3] == 0.0
    p = randomisation_test(data, seed=1, replicates=999)
    assert (p[0, 1], p[2, 3]) == (1.0, 0.0005)


def test_a_comparison_says_who_wins_and_by_how_much() -> None:
    one, two = np.array([1.0, 0.5, 0.5, 0.25, np.nan]), np.array([0.5, 0.5, 0.25, 0.0, 1.0])
    row = compare(np.column_stack([one, two]), np.arange(5), ["a", "b"], metric="ndcg@5", seed=1, test="t")[0]
    assert (row.first, row.second, row.users) == ("a", "b", 4)
    assert (row.wins, row.ties, row.losses, row.win_probability) == (3, 1, 0, 0.875)
    assert row.difference == 0.25
    assert row.effect_size == pytest.approx(0.25 / np.std([0.5, 0, 0.25, 0.25], ddof=1))
    assert row.low <= 0.25 <= row.high


@pytest.mark.stat
@pytest.mark.parametrize("coarse", [False, True])
def test_two_samples_of_one_recommender_differ_in_a_twentieth_of_the_trials(coarse: bool) -> None:
    random = np.random.default_rng(8)
    found = 0
    for trial in range(600):
        data = random.random((120, 2)) ** 4
        found += randomisation_test((data > 0.5) * 1.0 if coarse else data, seed=trial, replicates=399)[0, 1] <= 0.05
    assert 0.03 <= found / 600 <= 0.07


def test_the_smallest_difference_is_found_in_four_of_five_experiments() -> None:
    random = np.random.default_rng(2)
    size = smallest_difference(1.0, 200)
    found = [stats.ttest_1samp(random.standard_normal(200) + size, 0).pvalue < 0.05 for _ in range(2000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


def test_the_variance_of_users_and_seeds_is_told_apart() -> None:
    random = np.random.default_rng(3)
    users, seeds = 0.3 * random.standard_normal(4000), 0.01 * random.standard_normal(200)
    split = split_seeds(0.5 + seeds[:, None] + users + 0.1 * random.standard_normal((200, 4000)))
    assert split.seeds * np.sqrt(200) == pytest.approx(0.01, rel=0.1)
    assert split.users * np.sqrt(4000) == pytest.approx(0.3, rel=0.1)
    assert split.both**2 == pytest.approx(split.users**2 + split.seeds**2, rel=1e-3)


def test_the_same_seed_gives_the_same_p() -> None:
    data = values(shift=0.05)
    once, again, other = (randomisation_test(data, seed=seed, replicates=999)[0, 1] for seed in (1, 1, 2))
    assert once == again != other

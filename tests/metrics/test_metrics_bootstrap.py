from __future__ import annotations

import numpy as np
import pytest

from recsim.metrics.bootstrap import intervals


def test_an_interval_is_as_wide_as_the_normal_theory_says() -> None:
    values = np.random.default_rng(3).random((20_000, 2))
    low, high = intervals(values, np.arange(20_000), seed=1, replicates=2000)
    expected = 2 * 1.96 * values.std(axis=0) / np.sqrt(20_000)
    assert (high - low) == pytest.approx(expected, rel=0.06)
    assert (low + high) / 2 == pytest.approx(values.mean(axis=0), abs=expected[0] * 0.1)


@pytest.mark.stat
def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    random = np.random.default_rng(11)
    users = np.arange(400)
    held = 0
    for trial in range(600):
        values = (random.random((400, 1)) < 0.2).astype(np.float64)
        low, high = intervals(values, users, seed=trial, replicates=400)
        held += bool(low[0] <= 0.2 <= high[0])
    assert 0.92 <= held / 600 <= 0.975


@pytest.mark.stat
def test_intervals_of_few_and_skewed_users_hold_the_mean_as_often() -> None:
    random = np.random.default_rng(12)
    values = np.where(random.random((60, 800)) < 0.25, random.beta(1.2, 3.0, (60, 800)), 0.0)
    held = 0
    for at in range(0, 800, 40):
        low, high = intervals(values[:, at : at + 40], np.arange(60), seed=at, replicates=600)
        held += int(np.count_nonzero((low <= 0.25 * 1.2 / 4.2) & (high >= 0.25 * 1.2 / 4.2)))
    assert 0.93 <= held / 800 <= 0.97


def test_rows_of_one_user_are_resampled_together() -> None:
    values = np.random.default_rng(3).random((400, 1))
    once = intervals(values, np.arange(400), seed=1, replicates=400)
    twice = intervals(np.repeat(values, 2, axis=0), np.repeat(np.arange(400), 2), seed=1, replicates=400)
    assert np.concatenate(twice) == pytest.approx(np.concatenate(once), abs=1e-12)


def test_a_user_without_a_value_is_left_out() -> None:
    values = np.random.default_rng(3).random((300, 1))
    values[::3] = np.nan
    low, high = intervals(values, np.arange(300), seed=1, replicates=400)
    assert low[0] < np.nanmean(values) < high[0]
    assert np.isnan(intervals(np.full((4, 1), np.nan), np.arange(4), seed=1, replicates=50)[0][0])


def test_a_resample_is_a_function_of_the_user_and_not_of_the_others() -> None:
    values = np.random.default_rng(3).random((500, 1))
    users = np.arange(500)
    order = np.random.default_rng(4).permutation(500)
    whole = intervals(values, users, seed=1, replicates=200)
    mixed = intervals(values[order], users[order], seed=1, replicates=200)
    assert np.concatenate(mixed) == pytest.approx(np.concatenate(whole), abs=1e-12)


def test_columns_are_resampled_alike_whatever_stands_beside_them() -> None:
    values = np.random.default_rng(3).random((300, 3))
    users = np.arange(300)
    whole = np.array(intervals(values, users, seed=9, replicates=100))
    alone = np.array(intervals(values[:, 1:2], users, seed=9, replicates=100))
    assert whole[:, 1].tolist() == alone[:, 0].tolist()


def test_another_seed_gives_another_interval_and_the_same_seed_the_same() -> None:
    values = np.random.default_rng(3).random((300, 1))
    users = np.arange(300)
    bounds = [np.concatenate(intervals(values, users, seed=seed, replicates=100)).tolist() for seed in (1, 1, 2)]
    assert bounds[0] == bounds[1] != bounds[2]


def test_a_constant_has_no_width() -> None:
    low, high = intervals(np.full((50, 1), 0.25), np.arange(50), seed=1, replicates=101)
    assert (low[0], high[0]) == (0.25, 0.25)


def test_the_interval_of_one_user_is_the_user() -> None:
    low, high = intervals(np.array([[0.5]]), np.array([4]), seed=1, replicates=100)
    assert (low[0], high[0]) == (0.5, 0.5)

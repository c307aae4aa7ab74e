"""Quantile tables: whole distributions against theory, and the fast functions against the exact ones."""

import math

import numpy as np
import pytest
from scipy import stats

from recsim import rng
from recsim.behaviour import quantiles

WORDS = rng.words(1, "quantiles", np.arange(400_000, dtype=np.uint64)).ravel()


@pytest.mark.stat
def test_normal_draws_pass_a_kolmogorov_test() -> None:
    drawn = quantiles.draw_all(quantiles.normal(), WORDS[:200_000])
    assert stats.kstest(drawn, "norm").pvalue > 0.001


@pytest.mark.stat
def test_lognormal_draws_have_the_mean_that_their_tail_carries() -> None:
    drawn = quantiles.draw_all(quantiles.lognormal(0.1316, 1.9), WORDS).astype(float)
    assert abs(drawn.mean() / 0.8 - 1) < 0.03
    assert abs(np.median(drawn) / 0.1316 - 1) < 0.01


def test_the_tails_reach_five_deviations() -> None:
    ends = quantiles.draw_all(quantiles.normal(), np.array([0, 0xFFFFFFFF], np.uint32))
    assert ends[0] < -5
    assert ends[1] > 5


def test_a_table_never_falls() -> None:
    words = np.arange(0, 1 << 32, 1009, dtype=np.uint64).astype(np.uint32)
    drawn = quantiles.draw_all(quantiles.lognormal(30_000.0, 1.23, 500.0, 1.5e6), words)
    assert (np.diff(drawn) >= 0).all()
    assert drawn.min() == 500.0
    assert drawn.max() == 1.5e6


def test_a_stepwise_profile_gives_each_step_its_share() -> None:
    drawn = quantiles.draw_all(quantiles.stepwise(np.array([1.0, 3.0]), 10.0), WORDS)
    assert abs((drawn >= 5).mean() - 0.75) < 0.003


@pytest.mark.parametrize("x", [-60.0, -5.5, -1.0, -1e-3, 0.0, 0.7, 1.0, 20.0])
def test_the_exponential_is_right_to_four_millionths(x: float) -> None:
    assert abs(float(quantiles.exponential(np.float32(x))) / math.exp(np.float32(x)) - 1) < 4e-6

"""The popularity curve of a catalogue."""

import numpy as np
from scipy.special import ndtri

from recsim.behaviour import catalogue
from recsim.scenario import load_scenario

BENT = ["popularity_sigma=2.0", "popularity_tail=0.5", "popularity_tail_end=2.0", "popularity_head=0.4"]


def slope(log_weight: np.ndarray, low: float, high: float) -> float:
    """How fast log popularity rises between two quantiles of a standard normal."""
    z = ndtri((np.arange(len(log_weight)) + 0.5) / len(log_weight))
    part = (z > low) & (z < high)
    return float(np.polyfit(z[part], np.sort(log_weight)[part], 1)[0])


def test_log_popularity_rises_by_sigma_then_with_the_tail_then_with_what_the_head_keeps_of_it() -> None:
    scenario = load_scenario("smoke", sets=["products.count=4000", *(f"products.{knob}" for knob in BENT)])
    _, traits = catalogue.build(scenario)
    bands = [(-9.0, 1.2), (1.2, 2.0), (2.0, 9.0)]
    assert np.allclose([slope(traits.weight, *band) for band in bands], [2.0, 2.0 * 1.5, 2.0 * (1 + 0.5 * 0.4)])


def test_without_a_head_the_curve_beyond_the_end_of_the_tail_is_lognormal_again() -> None:
    scenario = load_scenario("smoke", sets=["products.count=4000", *(f"products.{knob}" for knob in BENT[:3])])
    _, traits = catalogue.build(scenario)
    assert np.isclose(slope(traits.weight, 2.0, 9.0), 2.0)

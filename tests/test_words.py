"""The words everything is said in: units, clock, names."""

from datetime import date

import pytest

from recsim.clock import date_of, day_label, day_start_us, iso
from recsim.errors import BadInput
from recsim.registry import Registry
from recsim.units import Estimate, human_bytes, human_count, human_seconds


def test_bytes_are_decimal() -> None:
    assert [human_bytes(n) for n in (999, 1_500, 1e9, 1e12)] == ["999 B", "1.5 KB", "1 GB", "1 TB"]


def test_counts_and_durations_read_well() -> None:
    assert [human_count(n) for n in (12, 23_400_000, 2e9)] == ["12", "23.4M", "2B"]
    assert [human_seconds(s) for s in (5, 75, 7260)] == ["5 s", "1 min 15 s", "2 h 1 min"]


def test_an_estimate_outside_its_own_interval_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Estimate(value=3, low=1, high=2, unit="nodes", provenance="modelled", source="test")


def test_instants_are_microseconds_utc() -> None:
    instant_us = day_start_us(date(2025, 1, 2), 0) + (12 * 3600 + 2 * 60) * 1_000_000
    assert iso(instant_us) == "2025-01-02T12:02:00Z"
    assert date_of(instant_us) == date(2025, 1, 2)
    assert day_label(date(2025, 1, 31), 1) == "2025-02-01"


def test_a_registry_imports_on_demand_and_suggests() -> None:
    registry = Registry("shape", {"circle": "math:pi"})
    assert registry.load("circle") == pytest.approx(3.14159, abs=1e-5)
    with pytest.raises(BadInput, match=r'unknown shape "cirle"\. Did you mean "circle"'):
        registry.load("cirle")

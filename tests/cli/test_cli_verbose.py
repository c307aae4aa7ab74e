"""What `-v` adds, and where it says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_verbose_says_on_stderr_what_a_run_took(recsim: Callable[..., Any]) -> None:
    spoken = recsim("capacity-plan", "10m", "-v")
    assert spoken.code == 0
    assert "capacity-plan took " in spoken.err
    assert " of CPU" in spoken.err
    assert " took " not in spoken.out


def test_without_it_nothing_is_said_of_that(recsim: Callable[..., Any]) -> None:
    assert " took " not in recsim("capacity-plan", "10m").err

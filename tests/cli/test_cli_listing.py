"""`recsim list` tells things apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("kind", ["scenarios", "recommenders", "metrics", "importers", "components"])
def test_each_thing_is_listed_with_a_description_of_its_own(recsim: Callable[..., Any], kind: str) -> None:
    head, *rows = [line.split("\t") for line in recsim("list", kind).out.splitlines()]
    assert head == [kind, "what it is"]
    names, told = zip(*rows, strict=True)
    assert len(set(names)) == len(names)
    assert all(told)
    if kind != "components":
        assert len(set(told)) == len(told)

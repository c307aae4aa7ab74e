"""One replay of a small shop, over and still open: the flows go on in it the morning after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flows.client import Client, NullProgress
from replay.shop_world import DAYS, PRODUCTS, USERS, write_shop

from recsim.replay.days import Days
from recsim.scenario.load import validate


def played(folder: Path, **sections: Any) -> Days:
    """A replay of the shop's three days with every service reached, midnight of the last one included."""
    tree = {
        "name": "flows", "users": {"count": USERS}, "products": {"count": PRODUCTS, "categories": 4},
        "calendar": {"days": DAYS}, "requests": {"share": 1.0, "limit_per_day": 150},
        "training": {"factors": 8, "iterations": 5}, "ranking": {"slate": 5, "candidates": 20},
        "evaluation": {"bootstrap": 100}, **sections,
    }  # fmt: skip
    days = Days(validate(tree, place="test"), write_shop(folder / "world", shopping=True), folder / "run", NullProgress)
    days.play()
    return days


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    found = played(tmp_path_factory.mktemp("flows"))
    yield found
    found.close()


@pytest.fixture
def client(days: Days) -> Client:
    return Client(days)

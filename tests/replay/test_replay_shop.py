"""The shop of a replay: what is asked of it, and that its invariants catch what they are for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_world import DAYS, PRODUCTS, USERS, write_shop

from recsim.components.cache import cache_key
from recsim.components.inventory import Line
from recsim.replay.days import Days
from recsim.replay.shop_results import boxes_of, shop_invariants, shop_of
from recsim.scenario.load import validate


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder: Path = tmp_path_factory.mktemp("shop")
    tree = {
        "name": "shop", "users": {"count": USERS}, "products": {"count": PRODUCTS, "categories": 4},
        "calendar": {"days": DAYS}, "requests": {"share": 1.0, "limit_per_day": 50},
        "training": {"factors": 4, "iterations": 2}, "shop": {"declined_share": 0.0},
        "evaluation": {"bootstrap": 100},
    }  # fmt: skip
    world = write_shop(folder / "world", shopping=True)
    found = Days(validate(tree, place="test"), world, folder / "run", lambda *_: None)
    found.play()
    yield found
    found.close()


def broken(days: Days) -> list[str]:
    return [row["name"] for row in shop_invariants(days.plane.shop) if not row["holds"]]


def test_every_cart_order_vote_and_review_of_the_log_is_asked_for(days: Days) -> None:
    asked = shop_of(days.plane.shop, days.shop_outcomes, 0)["requests"]
    assert asked == {
        "/v1/cart/add": {"ok": USERS * DAYS}, "/v1/cart/change": {"ok": USERS * DAYS},
        "/v1/checkout": {"ok": USERS * DAYS}, "/v1/review/list": {"ok": DAYS}, "/v1/review/submit": {"ok": DAYS},
        "/v1/vote": {"ok": DAYS},
    }  # fmt: skip
    assert days.plane.shop.edge.total.requests == USERS * DAYS * 5 * 2


def test_every_box_that_was_reached_says_what_it_stands_for(days: Days) -> None:
    rows = boxes_of(days.plane.calls.table())
    assert {"cart", "checkout", "inventory", "votes", "reviews", "edge_cache", "push"} <= {row["box"] for row in rows}
    assert all(row["stands_for"] for row in rows)
    assert days.segments.total() == sum(sum(of.values()) for of in days.outcomes.values())


def test_all_invariants_hold_and_each_catches_its_violation(days: Days) -> None:
    shop = days.plane.shop
    assert broken(days) == []
    (buyer, product), _ = next(iter(shop.sold.items()))
    tenant = buyer.split("\x1f")[0]
    shop.sold[cache_key(tenant, "nobody"), product] += 1
    assert broken(days) == ["no unit is sold twice"]
    left = shop.inventory.available([product], tenant=tenant)[0]
    shop.inventory.put_stock([Line(product, (left or 0) - 1)], tenant=tenant)
    assert broken(days) == []
    shop.acknowledged["orders"].add((tenant, "never-logged"))
    shop.acknowledged["reviews"].add((tenant, "never-kept"))
    shop.provider.delivered["c", tenant, "user1"] = 2
    assert broken(days) == [
        "every acknowledged order is in the log once", "every acknowledged review is kept and searchable",
        "nobody is sent a campaign twice",
    ]  # fmt: skip

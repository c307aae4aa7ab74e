"""What every inventory must do, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from contracts.servers import postgres

from recsim.components.inventory import Inventory, Line, Reservation
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect

NOW_US = 1_735_776_000_000_000
SOON_US = NOW_US + 900_000_000
_FRESH = itertools.count()


@pytest.fixture(scope="module")
def real() -> Iterator[Inventory]:
    with postgres() as url:
        found = connect("inventory", url)
        yield found
        found.close()


@pytest.fixture(params=["sqlite", "sqlite-file", "postgresql"])
def inventory(request: pytest.FixtureRequest, tmp_path: Path) -> Inventory:
    if request.param == "postgresql":
        return request.getfixturevalue("real")  # type: ignore[no-any-return]
    found: Inventory = connect("inventory", "sqlite:" if request.param == "sqlite" else f"sqlite:{tmp_path}/shop.db")
    return found


@pytest.fixture
def tenant() -> str:
    return f"shop-{next(_FRESH)}"


def reserve(inventory: Inventory, order: str, *lines: tuple[str, int], tenant: str) -> Reservation:
    wanted = [Line(*line) for line in lines]
    return inventory.reserve(order, wanted, tenant=tenant, buyer="user1", until_us=SOON_US)


def test_what_is_held_is_not_available_and_what_is_confirmed_is_gone(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 5), Line("b", 1)], tenant=tenant)
    assert reserve(inventory, "o1", ("a", 2), ("b", 1), tenant=tenant).outcome == "held"
    assert inventory.available(["a", "b", "c"], tenant=tenant) == [3, 0, None]
    assert inventory.confirm("o1", tenant=tenant, now_us=NOW_US).outcome == "confirmed"
    assert inventory.available(["a", "b"], tenant=tenant) == [3, 0]
    assert reserve(inventory, "o2", ("a", 4), tenant=tenant) == Reservation("sold-out", "a")


def test_an_order_holds_all_its_lines_or_none(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 5), Line("b", 0)], tenant=tenant)
    assert reserve(inventory, "o1", ("a", 1), ("b", 1), tenant=tenant) == Reservation("sold-out", "b")
    assert reserve(inventory, "o1", ("a", 1), ("x", 1), tenant=tenant) == Reservation("unknown-product", "x")
    assert inventory.available(["a"], tenant=tenant) == [5]


def test_released_and_expired_units_are_free_again(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 3)], tenant=tenant)
    reserve(inventory, "o1", ("a", 1), tenant=tenant)
    reserve(inventory, "o2", ("a", 1), tenant=tenant)
    reserve(inventory, "o3", ("a", 1), tenant=tenant)
    assert inventory.release("o1", tenant=tenant).outcome == "released"
    assert inventory.confirm("o2", tenant=tenant, now_us=SOON_US).outcome == "expired"
    assert inventory.expire(SOON_US) == 1
    assert inventory.available(["a"], tenant=tenant) == [3]


def test_every_call_may_be_repeated(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 3)], tenant=tenant)
    assert [reserve(inventory, "o1", ("a", 1), tenant=tenant).outcome for _ in range(2)] == ["held", "held"]
    assert [inventory.confirm("o1", tenant=tenant, now_us=NOW_US).outcome for _ in range(2)] == ["confirmed"] * 2
    assert inventory.release("o1", tenant=tenant).outcome == "confirmed"
    assert reserve(inventory, "o1", ("a", 1), tenant=tenant).outcome == "confirmed"
    assert inventory.available(["a"], tenant=tenant) == [2]
    assert inventory.confirm("never", tenant=tenant, now_us=NOW_US).outcome == "unknown-order"


def test_a_known_order_of_another_buyer_or_with_other_lines_is_refused(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 5)], tenant=tenant)
    reserve(inventory, "o1", ("a", 1), tenant=tenant)
    theirs = inventory.reserve("o1", [Line("a", 1)], tenant=tenant, buyer="user2", until_us=SOON_US)
    assert theirs.outcome == "order-exists"
    assert reserve(inventory, "o1", ("a", 2), tenant=tenant).outcome == "order-exists"
    assert inventory.outcome("o1", tenant=tenant, buyer="user1").outcome == "held"
    assert inventory.outcome("o1", tenant=tenant, buyer="user2").outcome == "unknown-order"
    assert inventory.available(["a"], tenant=tenant) == [4]


def test_tenants_do_not_share_stock_or_orders(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 1)], tenant=tenant)
    assert reserve(inventory, "o1", ("a", 1), tenant=f"other-{tenant}").outcome == "unknown-product"
    reserve(inventory, "o1", ("a", 1), tenant=tenant)
    assert inventory.confirm("o1", tenant=f"other-{tenant}", now_us=NOW_US).outcome == "unknown-order"


def test_stock_below_what_is_held_is_refused_and_nothing_changes(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 5), Line("b", 5)], tenant=tenant)
    reserve(inventory, "o1", ("b", 2), tenant=tenant)
    with pytest.raises(ValueError, match="below what orders hold"):
        inventory.put_stock([Line("a", 9), Line("b", 1)], tenant=tenant)
    assert inventory.available(["a", "b"], tenant=tenant) == [5, 3]


def test_a_line_of_nothing_is_refused(inventory: Inventory, tenant: str) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        reserve(inventory, "o1", ("a", 0), tenant=tenant)


def test_two_hundred_buyers_of_the_last_fifty_units_buy_fifty(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("last", 50), Line("plenty", 10_000)], tenant=tenant)

    def buy(number: int) -> str:
        first, second = ("last", "plenty") if number % 2 else ("plenty", "last")
        if reserve(inventory, f"o{number}", (first, 1), (second, 1), tenant=tenant).outcome != "held":
            return "refused"
        return inventory.confirm(f"o{number}", tenant=tenant, now_us=NOW_US).outcome

    with ThreadPoolExecutor(200) as threads:
        outcomes = list(threads.map(buy, range(200)))
    assert outcomes.count("confirmed") == 50
    assert outcomes.count("refused") == 150
    assert inventory.available(["last", "plenty"], tenant=tenant) == [0, 9_950]


def test_sales_wait_in_the_outbox_until_they_are_published(inventory: Inventory, tenant: str) -> None:
    inventory.put_stock([Line("a", 5)], tenant=tenant)
    reserve(inventory, "o1", ("a", 2), tenant=tenant)
    inventory.confirm("o1", tenant=tenant, now_us=NOW_US)
    mine = [sale for sale in inventory.unpublished(10_000) if sale.tenant == tenant]
    assert [(sale.order, sale.buyer, sale.at_us, sale.lines) for sale in mine] == [
        ("o1", "user1", NOW_US, [Line("a", 2)])
    ]
    inventory.mark_published([(tenant, "o1")])
    assert not [sale for sale in inventory.unpublished(10_000) if sale.tenant == tenant]


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(ServiceUnavailable, match=r"no PostgreSQL answers at postgresql://127.0.0.1:9/shop"):
        connect("inventory", "postgresql://127.0.0.1:9/shop")


def test_a_url_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a PostgreSQL URL"):
        connect("inventory", "postgresql://host:port:port/x y")
    with pytest.raises(BadInput, match="there is no directory"):
        connect("inventory", f"sqlite:{tmp_path}/missing/shop.db")

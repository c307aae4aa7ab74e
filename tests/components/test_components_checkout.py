"""Cart and checkout: reserve, pay, confirm or release, tell the log; nothing is bought twice."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from recsim.components.base import CallLog, Refused, Request, Response, Trace
from recsim.components.cache import EmbeddedCache
from recsim.components.cart import MOST_LINES, CartService, EmbeddedCartStore
from recsim.components.checkout import EVENTS, CheckoutService, Payment, always_paid
from recsim.components.inventory import Line, SqliteInventory
from recsim.components.segment_log import SegmentLog
from recsim.components.stock_cache import CachedStock

NOW_US = 1_735_776_000_000_000


class Shop:
    """A cart, an inventory with five of `a` and one of `b`, and a log."""

    def __init__(self, pay: Payment = always_paid) -> None:
        self.inventory = SqliteInventory.from_url("sqlite:")
        self.inventory.put_stock([Line("a", 5), Line("b", 1)], tenant="t")
        self.stock = CachedStock(self.inventory, EmbeddedCache())
        self.carts = EmbeddedCartStore()
        self.log = SegmentLog.from_url("embedded:")
        self.cart = CartService(self.carts)
        self.checkout = CheckoutService(
            carts=self.carts, inventory=self.inventory, stock=self.stock, log=self.log, pay=pay
        )
        self.calls = CallLog()

    def ask(self, route: str, *, user: str = "user1", **arguments: Any) -> Response:
        service = self.checkout if route == "/v1/checkout" else self.cart
        request = Request(1, route, "", NOW_US, arguments, user=user, tenant="t")
        return service.answer(request, Trace(self.calls, 1, NOW_US))

    def bought(self) -> list[tuple[str, str, str]]:
        found = [orjson.loads(delivery.record.value) for delivery in self.log.fetch(EVENTS, "test", 100)]
        return sorted((event["user_id"], event["event_type"], event["product_id"]) for event in found)


def test_what_is_in_the_cart_is_bought_and_the_log_says_so() -> None:
    shop = Shop()
    shop.ask("/v1/cart/add", product_id="a", units=2)
    shop.ask("/v1/cart/add", product_id="b")
    response = shop.ask("/v1/checkout", order="o1")
    assert response.body == {"order": "o1", "lines": [{"product": "a", "units": 2}, {"product": "b", "units": 1}]}
    assert shop.inventory.available(["a", "b"], tenant="t") == [3, 0]
    assert shop.bought() == [("user1", "purchase", "a"), ("user1", "purchase", "b")]
    assert shop.ask("/v1/cart/view").body == {"cart": []}
    hops = shop.calls.table()["component"].to_pylist()
    assert {"cart", "inventory", "event_log", "checkout"} <= set(hops)


def test_the_last_unit_goes_to_one_of_two_buyers() -> None:
    shop = Shop()
    for user in ("user1", "user2"):
        shop.ask("/v1/cart/add", user=user, product_id="b")
    assert shop.ask("/v1/checkout", user="user1", order="o1").status == 200
    with pytest.raises(Refused, match="sold-out"):
        shop.ask("/v1/checkout", user="user2", order="o2")
    assert shop.ask("/v1/cart/view", user="user2").body == {"cart": [{"product": "b", "units": 1}]}


def test_a_declined_payment_gives_everything_back() -> None:
    shop = Shop(pay=lambda *_: False)
    shop.ask("/v1/cart/add", product_id="a", units=5)
    with pytest.raises(Refused, match="payment-declined"):
        shop.ask("/v1/checkout", order="o1")
    assert shop.inventory.available(["a"], tenant="t") == [5]
    assert shop.bought() == []


def test_the_same_order_again_buys_nothing_twice() -> None:
    shop = Shop()
    shop.ask("/v1/cart/add", product_id="a", units=2)
    shop.ask("/v1/checkout", order="o1")
    assert shop.ask("/v1/checkout", order="o1").status == 200
    assert shop.inventory.available(["a"], tenant="t") == [3]
    assert len(shop.bought()) == 1


def test_an_order_number_that_is_anothers_sells_nothing_and_keeps_the_cart() -> None:
    shop = Shop()
    for user in ("user1", "user2"):
        shop.ask("/v1/cart/add", user=user, product_id="a")
    shop.ask("/v1/checkout", user="user1", order="o1")
    with pytest.raises(Refused, match="order-exists"):
        shop.ask("/v1/checkout", user="user2", order="o1")
    assert shop.ask("/v1/cart/view", user="user2").body == {"cart": [{"product": "a", "units": 1}]}
    assert shop.inventory.available(["a"], tenant="t") == [4]
    with pytest.raises(Refused, match="cart-empty"):
        shop.ask("/v1/checkout", user="user3", order="o1")


def test_an_empty_cart_is_refused() -> None:
    with pytest.raises(Refused, match="cart-empty"):
        Shop().ask("/v1/checkout", order="o1")


def test_a_sale_confirmed_before_a_crash_reaches_the_log_afterwards_with_the_same_ids() -> None:
    shop = Shop()
    shop.inventory.reserve("o1", [Line("a", 1)], tenant="t", buyer="user1", until_us=NOW_US + 1)
    shop.inventory.confirm("o1", tenant="t", now_us=NOW_US)
    trace = Trace(shop.calls, 2, NOW_US)
    assert (shop.checkout.publish(trace), shop.checkout.publish(trace)) == (1, 0)
    events = [orjson.loads(delivery.record.value) for delivery in shop.log.fetch(EVENTS, "test", 100)]
    assert [event["event_id"] for event in events] == ["e-t/purchase/o1/a"]


@pytest.mark.parametrize(
    ("route", "arguments", "reason"),
    [
        ("/v1/cart/add", {}, "bad-product"),
        ("/v1/cart/add", {"product_id": "a", "units": 0}, "bad-units"),
        ("/v1/cart/add", {"product_id": "a", "units": True}, "bad-units"),
        ("/v1/cart/change", {"product_id": "a", "units": 1_000}, "bad-units"),
        ("/v1/checkout", {"order": ""}, "bad-order"),
        ("/v1/checkout", {"order": "x" * 65}, "bad-order"),
    ],
)
def test_nonsense_is_refused_with_its_reason(route: str, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Shop().ask(route, **arguments)


def test_a_cart_is_full_at_its_limit() -> None:
    shop = Shop()
    for number in range(MOST_LINES):
        shop.ask("/v1/cart/add", product_id=f"p{number}")
    with pytest.raises(Refused, match="cart-full"):
        shop.ask("/v1/cart/add", product_id="one more")


def test_the_cached_count_follows_purchases_through_it_and_forgets_in_time() -> None:
    shop = Shop()
    assert shop.stock.available(["a", "nothing"], tenant="t", now_us=NOW_US) == [5, None]
    shop.inventory.put_stock([Line("a", 9)], tenant="t")
    assert shop.stock.available(["a"], tenant="t", now_us=NOW_US + 1) == [5]
    assert shop.stock.available(["a"], tenant="t", now_us=NOW_US + 31_000_000) == [9]
    shop.stock.reserve("o9", [Line("a", 2)], tenant="t", buyer="u", until_us=NOW_US + 10)
    assert shop.stock.available(["a"], tenant="t", now_us=NOW_US + 31_000_001) == [7]

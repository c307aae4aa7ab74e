"""Flow 4: cart, checkout, reserve, confirm, purchase event; one winner of the last unit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flows.client import MORNING_US, Client, own_trace

from recsim.components.base import Refused, Request
from recsim.components.inventory import Line


def test_what_is_in_the_cart_is_reserved_sold_and_told_to_the_log(client: Client) -> None:
    before = client.shop.inventory.available(["prod6"], tenant="default")[0]
    assert before is not None
    added = client.ask(2, "/v1/cart/add", product_id="prod6", units=2)
    assert {"load_balancer", "gateway", "quota", "cart"} == added.boxes
    assert {"product": "prod6", "units": 2} in added.body["cart"]
    bought = client.ask(2, "/v1/checkout", order="flow-4", products=["prod6"])
    assert bought.body == {"order": "flow-4", "lines": [{"product": "prod6", "units": 2}]}
    steps = [(component, operation) for component, operation, _ in bought.hops]
    sold = [("inventory", "reserve"), ("inventory", "confirm"), ("event_log", "append"), ("checkout", "buy")]
    assert steps[1:5] == sold
    assert client.shop.inventory.available(["prod6"], tenant="default") == [before - 2]
    assert {line["product"] for line in client.ask(2, "/v1/cart/view").body["cart"]} & {"prod6"} == set()
    events = [event for event in client.events() if event["session"] == "order_flow-4"]
    assert [(event["event_type"], event["product_id"], event["user_id"]) for event in events] == [
        ("purchase", "prod6", "user2")
    ]
    assert client.shop.inventory.unpublished(10) == []


def test_a_signal_of_the_purchases_of_the_log_is_in_the_stock(client: Client) -> None:
    assert client.days.shop_outcomes["/v1/checkout", "ok"] > 100
    assert client.plane._reranker.signals.stock.sum() < 80 * 50


def test_of_sixteen_buyers_of_the_last_unit_one_wins(client: Client) -> None:
    shop = client.shop
    shop.inventory.put_stock([Line("prod7", 1)], tenant="default")
    service = shop.routes()["/v1/checkout"]

    def buy(number: int) -> str:
        user, order = f"rival{number}", f"last-{number}"
        shop.carts.add(user, "prod7", 1, tenant="default")
        request = Request(1, "/v1/checkout", "", MORNING_US, {"order": order}, user=user, tenant="default")
        try:
            return service.answer(request, own_trace()).outcome
        except Refused as refusal:
            return refusal.outcome

    with ThreadPoolExecutor(16) as threads:
        outcomes = sorted(threads.map(buy, range(16)))
    assert outcomes == ["ok"] + ["sold-out"] * 15
    assert shop.inventory.available(["prod7"], tenant="default") == [0]
    won = [event for event in client.events() if event["user_id"].startswith("rival")]
    assert len(won) == 1

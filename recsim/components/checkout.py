"""Checkout: reserve, pay, confirm or release, and tell the event log what was bought.

The order number is the client's idempotency key: asked again it buys nothing twice. A confirmed order waits in the
inventory's outbox until its purchase events are in the log; `publish` puts them there after a crash, with the same
event ids, so that the stream processor drops the second copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import orjson

from recsim.clock import iso
from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.cart import CartStore
from recsim.components.inventory import Inventory, Line, Reservation, Sale
from recsim.components.topics import Record, TopicLog
from recsim.schema.wire import WireEvent, wire_event_id
from recsim.units import US_PER_SECOND

ROUTE = "/v1/checkout"
EVENTS = "events"
"""The topic that all events of clients and services go to."""

HOLD_S = 900
"""How long an order may hold its units before it is paid."""

Payment = Callable[[str, str, list[Line]], bool]
"""(tenant, order, lines) → whether the money came."""


class Stock(Protocol):
    """What reserves: the inventory, or the cached count in front of it."""

    def reserve(self, order: str, lines: list[Line], *, tenant: str, buyer: str, until_us: int) -> Reservation: ...


def always_paid(_tenant: str, _order: str, _lines: list[Line]) -> bool:
    """The payment of a simulation: it comes."""
    return True


class CheckoutService:
    """Buys what is in the cart, or of it the `products` asked for; the rest stays.

    Outcomes beside ok: 409 `cart-empty`, `sold-out`, `unknown-product`, `expired`,
    `released`, `order-exists`; 402 `payment-declined`;
    422 `bad-order`, `bad-product`.
    """

    def __init__(
        self,
        *,
        carts: CartStore,
        inventory: Inventory,
        stock: Stock,
        log: TopicLog,
        pay: Payment = always_paid,
        hold_s: int = HOLD_S,
    ) -> None:
        self._carts = carts
        self._inventory = inventory
        self._stock = stock
        self._log = log
        self._pay = pay
        self._hold_us = hold_s * US_PER_SECOND

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("checkout", "buy"):
            order = request.arguments.get("order", f"o-{request.request_id}")
            if not (isinstance(order, str) and 0 < len(order) <= 64):
                raise Refused(422, "bad-order")
            lines = self._wanted(request)
            held = self._hold(request, order, lines, trace)
            if held.outcome == "held":
                held = self._sell(request, order, lines, trace)
            if held.outcome != "confirmed":
                raise Refused(409, held.outcome)
            for line in lines:
                self._carts.put(request.user, line.product, 0, tenant=request.tenant)
            self.publish(trace)
            return Response(200, "ok", {"order": order, "lines": [line._asdict() for line in lines]})

    def _wanted(self, request: Request) -> list[Line]:
        lines = self._carts.lines(request.user, tenant=request.tenant)
        if "products" not in request.arguments:
            return lines
        asked = request.arguments["products"]
        if not (isinstance(asked, list) and all(isinstance(product, str) for product in asked)):
            raise Refused(422, "bad-product")
        return [line for line in lines if line.product in asked]

    def _hold(self, request: Request, order: str, lines: list[Line], trace: Trace) -> Reservation:
        """Hold the cart; an order that was seen before says what became of it, whatever is in the cart now."""
        with trace.hop("inventory", "reserve") as hop:
            if not lines:
                known = self._inventory.outcome(order, tenant=request.tenant, buyer=request.user)
                hop.outcome = known.outcome if known.outcome != "unknown-order" else "cart-empty"
                if known.outcome == "unknown-order":
                    raise Refused(409, "cart-empty")
                return known
            until_us = request.at_us + self._hold_us
            held = self._stock.reserve(order, lines, tenant=request.tenant, buyer=request.user, until_us=until_us)
            hop.outcome = held.outcome
            return held

    def _sell(self, request: Request, order: str, lines: list[Line], trace: Trace) -> Reservation:
        if not self._pay(request.tenant, order, lines):
            with trace.hop("inventory", "release"):
                self._inventory.release(order, tenant=request.tenant)
            raise Refused(402, "payment-declined")
        with trace.hop("inventory", "confirm") as hop:
            sold = self._inventory.confirm(order, tenant=request.tenant, now_us=request.at_us)
            hop.outcome = sold.outcome
            return sold

    def publish(self, trace: Trace, limit: int = 1_000) -> int:
        """Put the purchase events of confirmed orders into the log; returns how many orders."""
        sales = self._inventory.unpublished(limit)
        if sales:
            with trace.hop("event_log", "append"):
                self._log.append(EVENTS, [record for sale in sales for record in purchases(sale)])
            self._inventory.mark_published([(sale.tenant, sale.order) for sale in sales])
        return len(sales)


def purchases(sale: Sale) -> list[Record]:
    """One purchase event a line; its id is a function of tenant, order and product."""
    events = [
        WireEvent(
            event_id=wire_event_id(sale.tenant, "purchase", sale.order, line.product),
            event_type="purchase",
            product_id=line.product,
            user_id=sale.buyer,
            event_timestamp=iso(sale.at_us),
            session=f"order_{sale.order}",
            device="web",
            tenant=sale.tenant,
        )
        for line in sale.lines
    ]
    return [Record(sale.buyer, orjson.dumps(event.model_dump(mode="json")), sale.at_us) for event in events]

"""The cart: what a user wants to buy, kept a tenant and user, changed a line at a time."""

from __future__ import annotations

from threading import Lock
from typing import Protocol, Self

from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.inventory import Line
from recsim.errors import BadInput

MOST_UNITS = 999
MOST_LINES = 100

ROUTES = ("/v1/cart/add", "/v1/cart/change", "/v1/cart/remove", "/v1/cart/view")


class CartStore(Protocol):
    """Carts by (tenant, user). Every change of a line is atomic: two devices of a user lose nothing."""

    def add(self, user: str, product: str, units: int, *, tenant: str) -> int:
        """Add units to a line; returns the units then in it."""
        ...

    def put(self, user: str, product: str, units: int, *, tenant: str) -> None:
        """Set the units of a line; 0 removes it."""
        ...

    def lines(self, user: str, *, tenant: str) -> list[Line]:
        """The lines of a cart, by product."""
        ...

    def clear(self, user: str, *, tenant: str) -> None:
        """Empty a cart."""
        ...


class EmbeddedCartStore:
    """A dictionary of dictionaries."""

    def __init__(self) -> None:
        self._carts: dict[tuple[str, str], dict[str, int]] = {}
        self._lock = Lock()

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows, because there is nothing to configure."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded cart store takes no address, so "{url}" must be "embedded:".')
        return cls()

    def add(self, user: str, product: str, units: int, *, tenant: str) -> int:
        with self._lock:
            cart = self._carts.setdefault((tenant, user), {})
            cart[product] = cart.get(product, 0) + units
            return cart[product]

    def put(self, user: str, product: str, units: int, *, tenant: str) -> None:
        with self._lock:
            cart = self._carts.setdefault((tenant, user), {})
            if units:
                cart[product] = units
            else:
                cart.pop(product, None)

    def lines(self, user: str, *, tenant: str) -> list[Line]:
        with self._lock:
            return [Line(*line) for line in sorted(self._carts.get((tenant, user), {}).items())]

    def clear(self, user: str, *, tenant: str) -> None:
        with self._lock:
            self._carts.pop((tenant, user), None)


class CartService:
    """Add, change, remove, view. A line has 1 to 999 units, a cart 100 lines; more is refused with 422."""

    def __init__(self, carts: CartStore) -> None:
        self._carts = carts

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("cart", request.route.rpartition("/")[2]):
            action = request.route.rpartition("/")[2]
            if action != "view":
                self._change(action, request)
            lines = self._carts.lines(request.user, tenant=request.tenant)
            return Response(200, "ok", {"cart": [line._asdict() for line in lines]})

    def _change(self, action: str, request: Request) -> None:
        product = request.arguments.get("product_id")
        if not (isinstance(product, str) and product):
            raise Refused(422, "bad-product")
        if action == "remove":
            self._carts.put(request.user, product, 0, tenant=request.tenant)
            return
        units = request.arguments.get("units", 1)
        if not (isinstance(units, int) and not isinstance(units, bool) and 1 <= units <= MOST_UNITS):
            raise Refused(422, "bad-units")
        lines = {line.product: line.units for line in self._carts.lines(request.user, tenant=request.tenant)}
        if product not in lines and len(lines) >= MOST_LINES:
            raise Refused(422, "cart-full")
        if action == "change":
            self._carts.put(request.user, product, units, tenant=request.tenant)
        elif self._carts.add(request.user, product, units, tenant=request.tenant) > MOST_UNITS:
            self._carts.put(request.user, product, MOST_UNITS, tenant=request.tenant)

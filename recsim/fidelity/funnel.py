"""From view to cart to purchase: of events, of sessions, of users; and what an order holds."""

from __future__ import annotations

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import CART, PURCHASE, VIEW, Piece
from recsim.fidelity.sketch import Sketch

NO_PURCHASES = "the log has no carts and no purchases"
STEPS = (VIEW, CART, PURCHASE)


def rates(pairs: dict[str, tuple[int, int]]) -> dict[str, float]:
    """The quotients whose two counts are above zero."""
    return {name: part / whole for name, (part, whole) in pairs.items() if part and whole}


class Funnel:
    """Carts over views, purchases over carts, purchases over views: of events."""

    about = About("funnel", "rates", "marginal", "events per event")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._counts = np.zeros(3, np.int64)

    def add(self, piece: Piece) -> None:
        self._counts += [int((piece.kind == kind).sum()) for kind in STEPS]

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        views, carts, purchases = (int(count) for count in self._counts)
        found = rates(
            {
                "cart_per_view": (carts, views),
                "purchase_per_cart": (purchases, carts),
                "purchase_per_view": (purchases, views),
            }
        )
        return told(self.about, found, views) if found else untold(self.about, NO_PURCHASES)


class SessionFunnel:
    """Sessions with a view that also have a cart or a purchase; carts left behind."""

    about = About("session_funnel", "rates", "marginal", "share of sessions")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._viewed, self._carted, self._bought, self._left = 0, 0, 0, 0

    def add(self, piece: Piece) -> None:
        view, cart, purchase = (_sessions_with(piece, kind) for kind in STEPS)
        self._viewed += int(view.sum())
        self._carted += int((view & cart).sum())
        self._bought += int((view & purchase).sum())
        self._left += int((view & cart & ~purchase).sum())

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        found = rates(
            {
                "cart_share": (self._carted, self._viewed),
                "purchase_share": (self._bought, self._viewed),
                "abandonment_share": (self._left, self._carted),
            }
        )
        return told(self.about, found, self._viewed) if found else untold(self.about, NO_PURCHASES)


def _sessions_with(piece: Piece, kind: int) -> np.ndarray:
    found = np.zeros(len(piece.starts), bool)
    found[piece.owner[piece.kind == kind]] = True
    return found


class UserFunnel:
    """Users who viewed that also put into the cart, or bought, in the whole log."""

    about = About("user_funnel", "rates", "marginal", "share of users")

    def __init__(self, context: Context) -> None:
        self._only_sessions = context.users_are_sessions
        self._did = np.zeros(0 if context.users_are_sessions else context.world.users, np.uint8)

    def add(self, piece: Piece) -> None:
        for bit, kind in enumerate(STEPS):
            if len(self._did):
                self._did[np.unique(piece.user[piece.kind == kind])] |= 1 << bit

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if self._only_sessions:
            return untold(self.about, "the log knows sessions, not users")
        counts = np.bincount(self._did, minlength=8)
        viewed = int(counts[[1, 3, 5, 7]].sum())
        found = rates(
            {"cart_share": (int(counts[[3, 7]].sum()), viewed), "purchase_share": (int(counts[[5, 7]].sum()), viewed)}
        )
        return told(self.about, found, viewed) if found else untold(self.about, NO_PURCHASES)


class ItemsPerOrder:
    """Products of an order; an order is what one session bought."""

    about = About("items_per_order", "counts", "marginal", "products")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._sketch = Sketch(whole=True)

    def add(self, piece: Piece) -> None:
        self._sketch.add(piece.of(PURCHASE).lengths)

    def finish(self, limits: Limits) -> Measured:
        return distribution(self.about, self._sketch, limits, "the log has no purchases")


class OrdersPerBuyer:
    """Orders of a user who bought at all, and the share of buyers who came back."""

    about = About("orders_per_buyer", "counts", "marginal", "orders")

    def __init__(self, context: Context) -> None:
        self._only_sessions = context.users_are_sessions
        self._counts = np.zeros(0 if context.users_are_sessions else context.world.users, np.int32)

    def add(self, piece: Piece) -> None:
        if len(self._counts):
            bought = piece.of(PURCHASE)
            np.add.at(self._counts, bought.user[bought.starts], 1)

    def finish(self, limits: Limits) -> Measured:
        if self._only_sessions:
            return untold(self.about, "the log knows sessions, not users")
        sketch = Sketch(whole=True)
        sketch.add(self._counts[self._counts > 0])
        found = distribution(self.about, sketch, limits, "the log has no purchases")
        if not found.values:
            return found
        again = float((self._counts > 1).sum() / (self._counts > 0).sum())
        return told(self.about, {**found.values, "repeat_share": again}, found.count, limits=limits)

"""How events spread over products and over users."""

from __future__ import annotations

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import Ints, Piece
from recsim.fidelity.sketch import Sketch

NO_EVENTS = "no product has an event"
ONLY_SESSIONS = "the log knows sessions, not users"
TOP_SHARES = {"top_1_share": 0.01, "top_10_share": 0.10, "top_20_share": 0.20}
WINDOWS = {
    "top_5_to_540_in_a_million": (5.4e-6, 5.4e-4),
    "top_1_in_1000_to_1_in_100": (1e-3, 1e-2),
    "1_to_10_percent": (1e-2, 0.1),
    "10_to_50_percent": (0.1, 0.5),
    "half_to_54_percent": (5.4e-3, 0.54),
}
"""Parts of the products, most popular first, that a local slope is taken over; the first and the last are the ranks
10 to 1,000 and 10,000 to 1,000,000 of the 1.86 million products of OTTO."""
ENOUGH_RANKS = 45
"""A slope over k ranks has a standard error of 1 ÷ √k of itself (Hill, Annals of Statistics 1975): of fewer it could
not be told within 15 %."""
SESSION_VIEWS, SUPPORT = 2, 5
"""Session logs are published without shorter sessions and without rarer products."""


def tallied(context: Context) -> Ints:
    """A count for every product, all 0."""
    return np.zeros(context.world.products, np.int64)


def concentration(counts: Ints) -> dict[str, float]:
    """The Gini coefficient of some ascending counts, and what the largest hold."""
    n, total = len(counts), counts.sum()
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * total))
    tops = {name: float(counts[n - max(1, round(n * share)) :].sum() / total) for name, share in TOP_SHARES.items()}
    return {"gini": gini, **tops}


class EventsPerProduct:
    """Views, carts and purchases of a product, of those that have any."""

    about = About("events_per_product", "counts", "marginal", "events")

    def __init__(self, context: Context) -> None:
        self._counts = tallied(context)

    def add(self, piece: Piece) -> None:
        np.add.at(self._counts, piece.signals.product, 1)

    def finish(self, limits: Limits) -> Measured:
        sketch = Sketch(whole=True)
        sketch.add(self._counts[(self._counts >= limits.least)])
        return distribution(self.about, sketch, limits, NO_EVENTS)


class Popularity:
    """Concentration of events on products: the Gini coefficient, and what the most popular hold."""

    about = About("popularity", "rates", "marginal", "share")

    def __init__(self, context: Context) -> None:
        self._counts = tallied(context)

    def add(self, piece: Piece) -> None:
        np.add.at(self._counts, piece.signals.product, 1)

    def finish(self, limits: Limits) -> Measured:
        counts = np.sort(self._counts[self._counts >= limits.least])
        if not len(counts):
            return untold(self.about, NO_EVENTS)
        return told(self.about, concentration(counts), len(counts), limits=limits)


class SessionPopularity:
    """Concentration of the views of sessions of two views or more on the products that have at least five of them.

    That is what published session logs hold, so their concentration can be held against a whole log's.
    """

    about = About("session_popularity", "rates", "marginal", "share of views")

    def __init__(self, context: Context) -> None:
        self._counts = tallied(context)

    def add(self, piece: Piece) -> None:
        views = piece.views
        if len(views):
            longer = views.lengths[views.owner] >= SESSION_VIEWS
            self._counts += np.bincount(views.product[longer], minlength=len(self._counts))

    def finish(self, limits: Limits) -> Measured:
        least = max(SUPPORT, limits.least)
        counts = np.sort(self._counts[self._counts >= least])
        if not len(counts):
            return untold(self.about, f"no product has {least} views in sessions of {SESSION_VIEWS} or more")
        return told(self.about, concentration(counts), len(counts), limits=Limits(least))


class Slopes:
    """Local slopes of log events over log rank: how the popularity curve bends, where Zipf's law has one slope."""

    about = About("slopes", "rates", "marginal", "log-log slope")

    def __init__(self, context: Context) -> None:
        self._counts = tallied(context)

    def add(self, piece: Piece) -> None:
        np.add.at(self._counts, piece.signals.product, 1)

    def finish(self, limits: Limits) -> Measured:
        counts = np.sort(self._counts[self._counts >= limits.least])[::-1]
        found = {}
        for name, (first, last) in WINDOWS.items():
            low, high = max(1, int(first * len(counts))), int(last * len(counts))
            if high - low < ENOUGH_RANKS:
                continue
            ranks = np.unique(np.geomspace(low, high, 40).astype(np.int64))
            found[name] = float(-np.polyfit(np.log(ranks), np.log(counts[ranks - 1]), 1)[0])
        if not found:
            return untold(self.about, "too few products have events")
        return told(self.about, found, len(counts), limits=limits)


class EventsPerUser:
    """Views, carts and purchases of a user, of those that have any."""

    about = About("events_per_user", "counts", "marginal", "events")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = np.zeros(0 if context.users_are_sessions else context.world.users, np.int32)

    def add(self, piece: Piece) -> None:
        if len(self._counts):
            np.add.at(self._counts, piece.signals.user, 1)

    def finish(self, limits: Limits) -> Measured:
        if self._context.users_are_sessions:
            return untold(self.about, ONLY_SESSIONS)
        sketch = Sketch(whole=True)
        sketch.add(self._counts[self._counts > 0])
        return distribution(self.about, sketch, limits, "no user has an event")


class SessionsPerUser:
    """Sessions with a view of a user who has any, in the whole log."""

    about = About("sessions_per_user", "counts", "marginal", "sessions")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = np.zeros(0 if context.users_are_sessions else context.world.users, np.int32)

    def add(self, piece: Piece) -> None:
        if len(self._counts):
            views = piece.views
            np.add.at(self._counts, views.user[views.starts], 1)

    def finish(self, limits: Limits) -> Measured:
        if self._context.users_are_sessions:
            return untold(self.about, ONLY_SESSIONS)
        sketch = Sketch(whole=True)
        sketch.add(self._counts[self._counts > 0])
        return distribution(self.about, sketch, limits, "no user has a view")

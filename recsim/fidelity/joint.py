"""How two things go together: price and conversion, category and category, activity and variety, a pair and itself."""

from __future__ import annotations

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, told, untold
from recsim.fidelity.log import PURCHASE, Ints, Piece

FIFTHS = 5
MOST_PAIRS = 2_000_000
BUCKETS = (2, 5, 10, 20, 50)
"""Least views of the buckets of activity; the last is open."""
ENOUGH = 30
"""Users a bucket needs to be told."""


class PriceConversion:
    """Purchases over views by fifths of price, cheapest first, over those of all: 1 where price does not matter."""

    about = About("price_conversion", "rates", "joint", "times the mean")

    def __init__(self, context: Context) -> None:
        self._price = context.price_usd
        self._viewed = np.zeros(context.world.products, np.int64)
        self._bought = np.zeros(context.world.products, np.int64)

    def add(self, piece: Piece) -> None:
        if self._price is not None:
            np.add.at(self._viewed, piece.views.product, 1)
            np.add.at(self._bought, piece.of(PURCHASE).product, 1)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if self._price is None or not self._bought.sum() or not self._viewed.sum():
            return untold(self.about, "no product has a price" if self._price is None else "the log has no purchases")
        priced = np.flatnonzero((self._price > 0) & (self._viewed > 0))
        order = priced[np.argsort(self._price[priced], kind="stable")]
        fifth = np.minimum(np.cumsum(self._viewed[order]) * FIFTHS // (self._viewed[order].sum() + 1), FIFTHS - 1)
        viewed = np.bincount(fifth, self._viewed[order], FIFTHS)
        bought = np.bincount(fifth, self._bought[order], FIFTHS)
        if not (bought > 0).all():
            return untold(self.about, "too few purchases to part by price")
        mean = bought.sum() / viewed.sum()
        return told(
            self.about,
            {f"fifth_{n + 1}": float(bought[n] / viewed[n] / mean) for n in range(FIFTHS)},
            int(bought.sum()),
        )


class CategoryStay:
    """Steps from a view to the next of the session that stay in the leaf category."""

    about = About("category_stay", "rates", "joint", "share of steps")

    def __init__(self, context: Context) -> None:
        self._category = context.category
        self._stayed, self._steps = 0, 0

    def add(self, piece: Piece) -> None:
        if self._category is None:
            return
        views = piece.views
        category = self._category[views.product]
        moved = views.within & (views.product[1:] != views.product[:-1]) & (category[1:] >= 0) & (category[:-1] >= 0)
        self._steps += int(moved.sum())
        self._stayed += int((moved & (category[1:] == category[:-1])).sum())

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if not self._steps:
            return untold(self.about, "no product has a category" if self._category is None else "no session moves on")
        return told(self.about, {"share": self._stayed / self._steps}, self._steps)


class PairSample:
    """Pairs of user and product viewed, once a session, of a hashed part of the users: at most `MOST_PAIRS`.

    Where a log knows sessions only, a session stands for a user.
    """

    def __init__(self, context: Context) -> None:
        self._products = context.world.products
        self._by_session, self._sessions = context.users_are_sessions, 0
        rows = context.world.manifest.facts.get("events") or context.world.manifest.facts.get("interactions") or 1
        self.every = max(1, -(-int(rows) // MOST_PAIRS))
        self._keys: list[Ints] = []
        self.views: list[Ints] = []

    def add(self, piece: Piece) -> None:
        views = piece.views
        user = views.user
        if self._by_session:
            user = views.owner + self._sessions
            self._sessions += len(views.starts)
        if self.every > 1:
            chosen = (user * 2654435761 % 4294967296 // 65536) % self.every == 0
            views, user = views.where(chosen), user[chosen]
        _, first = np.unique(views.owner * self._products + views.product, return_index=True)
        self._keys.append((user * self._products + views.product)[first])
        self.views.append(user)

    def pairs(self) -> tuple[Ints, Ints]:
        """The pairs, and the sessions each was viewed in."""
        keys = np.concatenate(self._keys) if self._keys else np.empty(0, np.int64)
        return np.unique(keys, return_counts=True)

    def users_of(self, pairs: Ints) -> Ints:
        return pairs // self._products


class RepeatVisits:
    """Pairs of user and product that were viewed in more than one session."""

    about = About("repeat_visits", "rates", "joint", "share of pairs")

    def __init__(self, context: Context) -> None:
        self._only_sessions = context.users_are_sessions
        self._sample = PairSample(context)

    def add(self, piece: Piece) -> None:
        if not self._only_sessions:
            self._sample.add(piece)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if self._only_sessions:
            return untold(self.about, "the log knows sessions, not users")
        pairs, sessions = self._sample.pairs()
        if not len(pairs):
            return untold(self.about, "the log has no views")
        return told(self.about, {"share": float((sessions > 1).mean())}, len(pairs))


class ActivityDiversity:
    """Different products over views, by how many views a user (or, in a log of sessions, a session) has."""

    about = About("activity_diversity", "rates", "joint", "products per view")

    def __init__(self, context: Context) -> None:
        self._sample = PairSample(context)

    def add(self, piece: Piece) -> None:
        self._sample.add(piece)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        pairs, _ = self._sample.pairs()
        if not len(pairs):
            return untold(self.about, "the log has no views")
        users, different = np.unique(self._sample.users_of(pairs), return_counts=True)
        owners, views = np.unique(np.concatenate(self._sample.views), return_counts=True)
        assert np.array_equal(users, owners), "who viewed has a pair"
        bucket = np.searchsorted(BUCKETS, views, side="right")
        found = {}
        for at, least in enumerate(BUCKETS, start=1):
            chosen = bucket == at
            if chosen.sum() >= ENOUGH:
                end = f"_to_{BUCKETS[at] - 1}" if at < len(BUCKETS) else "_up"
                found[f"views_{least}{end}"] = float(different[chosen].sum() / views[chosen].sum())
        return told(self.about, found, len(users)) if found else untold(self.about, "too few users view twice")

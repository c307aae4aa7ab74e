"""How a log was cut before it was published, found on the log itself, so that the other side can be cut alike.

Session logs are published without carts and purchases, without short sessions and without rare products. A world that
has all of these is not held against such a log as it is: it goes through the same scissors first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.fidelity.log import NOTHING, PURCHASE, VIEW, Ints, Piece
from recsim.fidelity.sketch import Sketch
from recsim.scenario.profile import LogCut
from recsim.schema.tables import EVENT_TYPES

SIGNALS = EVENT_TYPES[: PURCHASE + 1]
"""The event types that popularity and activity count: views, carts, purchases."""
JUMP, MOST_BELOW, ENOUGH = 2, 0.1, 12
"""An edge: so many times as often as the count below, with no more of all counts below it, and occurring so often."""
Source = Callable[[], Iterator[Piece]]


@dataclass(frozen=True)
class Cut:
    """`kinds`: the signals the log knows. `least_views` of a session, `least_events` of a product, that it was cut to.

    `sessions_only`: it does not say which sessions are of one user.
    """

    kinds: tuple[str, ...] = SIGNALS
    least_views: int = 1
    least_events: int = 1
    sessions_only: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return set(self.kinds) == set(SIGNALS) and self == Cut(self.kinds)

    def tree(self) -> dict[str, Any]:
        """As plain values, as a profile holds them."""
        return {**asdict(self), "kinds": list(self.kinds)}

    @classmethod
    def of(cls, tree: LogCut | None) -> Cut:
        """The cut a profile holds; nothing left out where it holds none."""
        if tree is None:
            return cls()
        return cls(tuple(tree.kinds), tree.least_views, tree.least_events, tree.sessions_only)

    def told(self) -> str:
        """The cut in words; empty where nothing is left out."""
        parts = [] if set(self.kinds) == set(SIGNALS) else [f"{' and '.join(self.kinds)} events alone"]
        if self.least_views > 1:
            parts.append(f"sessions of {self.least_views} views or more")
        if self.least_events > 1:
            parts.append(f"products of {self.least_events} events or more")
        if self.sessions_only:
            parts.append("sessions that name no user")
        return ", ".join(parts)


def cut_of(source: Source, products: int, *, sessions_only: bool) -> Cut:
    """What a log was cut to: the event types it holds, and the least lengths of sessions and counts of products."""
    known = np.zeros(len(SIGNALS), bool)
    lengths, counts = Sketch(whole=True), np.zeros(products, np.int64)
    for piece in source():
        signals = piece.signals
        known[np.unique(signals.kind)] = True
        counts += np.bincount(signals.product, minlength=products)
        lengths.add(piece.views.lengths)
    events = Sketch(whole=True)
    events.add(counts[counts > 0])
    kinds = tuple(name for name, there in zip(SIGNALS, known, strict=True) if there) or SIGNALS
    return Cut(kinds, edge(lengths.small), edge(events.small), sessions_only)


def edge(histogram: Ints) -> int:
    """The least count that a filter left, of a histogram of counts: where their number jumps; 1 where nothing was cut.

    A few counts lie below the edge, because a later step of the preparation took their neighbours away.
    """
    below = np.cumsum(histogram) - histogram
    rare = below <= MOST_BELOW * histogram.sum()
    before = np.concatenate([[0], histogram[:-1]])
    jumps = rare & (histogram >= ENOUGH) & (histogram >= JUMP * np.maximum(before, 1))
    found = np.flatnonzero(jumps[1:]) + 1
    return int(found.max(initial=1))


def through(cut: Cut, source: Source, products: int) -> Source:
    """The pieces of a log, cut: event types first, then sessions, then products, then sessions once more."""
    if cut.whole:
        return source

    def shorter() -> Iterator[Piece]:
        return (_long(_of_kinds(piece, cut), cut) for piece in source())

    if cut.least_events <= 1:
        return shorter
    counts = np.zeros(products, np.int64)
    for piece in shorter():
        counts += np.bincount(piece.signals.product, minlength=products)
    known = np.append(counts >= cut.least_events, True)  # the last is "no product": NOTHING

    def rarer() -> Iterator[Piece]:
        return (_long(piece.where(known[piece.product]), cut) for piece in shorter())

    return rarer


def _of_kinds(piece: Piece, cut: Cut) -> Piece:
    if set(cut.kinds) == set(SIGNALS):
        return piece
    kept = np.array([name in cut.kinds or at > PURCHASE for at, name in enumerate(EVENT_TYPES)])
    return piece.where(kept[piece.kind])


def _long(piece: Piece, cut: Cut) -> Piece:
    """Without the sessions of fewer views than the log has."""
    if cut.least_views <= 1 or not len(piece):
        return piece
    views: NDArray[np.bool_] = (piece.kind == VIEW) & (piece.product != NOTHING)
    lengths: Ints = np.bincount(piece.owner, views, len(piece.starts)).astype(np.int64)
    return piece.where(lengths[piece.owner] >= cut.least_views)

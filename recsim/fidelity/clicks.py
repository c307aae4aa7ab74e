"""Sessions as sequences of viewed products: a hashed sample of a log of any size, in a bounded number of sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.fidelity.cut import Cut, through
from recsim.fidelity.log import Ints, Piece, pieces
from recsim.rng import words


@dataclass(frozen=True)
class Clicks:
    """n sessions: `session[n]` ids, `indptr[n + 1]` into `product` and `time_us` (None in a log without times).

    `share` is the part of the log's sessions that is in the sample; `held[n]` marks the sessions a data set without
    times holds back for testing.
    """

    session: Ints
    indptr: Ints
    product: Ints
    time_us: Ints | None
    share: float
    held: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.session)

    @property
    def lengths(self) -> Ints:
        return np.diff(self.indptr)

    @property
    def start_us(self) -> Ints | None:
        return None if self.time_us is None else self.time_us[self.indptr[:-1]]

    def take(self, chosen: Ints) -> Clicks:
        """Some of the sessions, in the order asked for."""
        rows, indptr = _rows(self.indptr, chosen)
        times = None if self.time_us is None else self.time_us[rows]
        held = None if self.held is None else self.held[chosen]
        return Clicks(self.session[chosen], indptr, self.product[rows], times, self.share, held)

    def only(self, kept: np.ndarray) -> Clicks:
        """The clicks marked, bool[clicks]; sessions may become empty."""
        cumulative = np.concatenate([[0], np.cumsum(kept)])
        times = None if self.time_us is None else self.time_us[kept]
        return Clicks(self.session, cumulative[self.indptr], self.product[kept], times, self.share, self.held)

    def at_least(self, clicks: int) -> Clicks:
        """The sessions of so many clicks or more."""
        return self.take(np.flatnonzero(self.lengths >= clicks))


def _rows(indptr: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    lengths = np.diff(indptr)[chosen]
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.arange(ends[-1]) + np.repeat(indptr[:-1][chosen] - ends[:-1], lengths), ends


FINEST = 100
"""The most popular hundredth of the products is level 0; each level above is twice as wide."""


def popularity_levels(product: Ints) -> NDArray[np.float64]:
    """For each view of a log, the level of its product: its rank share, in doublings."""
    counts = np.bincount(product)
    order = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
    share = order / max(int(np.count_nonzero(counts)), 1)
    return np.floor(np.log2(share * FINEST + 1))[product]


class Sampler:
    """Keeps sessions of at least `least` views whose hash lies under a threshold that halves whenever `most` is passed.

    What is kept depends on the sessions' ids alone, not on the order of the pieces.
    """

    def __init__(self, *, least: int, most: int, seed: int = 0) -> None:
        self._least, self._most, self._seed = least, most, seed
        self._under = 1 << 32
        self._parts: list[Clicks] = []
        self._kept = 0
        self._hash: list[Ints] = []

    def add(self, piece: Piece) -> None:
        views = piece.views
        if not len(views):
            return
        indptr = np.append(views.starts, len(views))
        held = None if views.held is None else views.held[views.starts]
        every = Clicks(views.session[views.starts], indptr, views.product, views.time_us, 1.0, held)
        self._keep(every.at_least(self._least))
        while self._kept > self._most:
            self._under //= 2
            parts, self._parts, self._kept, self._hash = self._parts, [], 0, []
            for part in parts:
                self._keep(part)

    def _keep(self, clicks: Clicks) -> None:
        mark = words(self._seed, "fidelity/sample", clicks.session.astype(np.uint64))[:, 0].astype(np.int64)
        chosen = np.flatnonzero(mark < self._under)
        if len(chosen):
            self._parts.append(clicks.take(chosen))
            self._kept += len(chosen)

    def clicks(self) -> Clicks:
        """What was kept, in order of time, or of session id where there are no times."""
        share = self._under / (1 << 32)
        if not self._parts:
            return Clicks(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64), None, share)
        sizes = np.concatenate([part.lengths for part in self._parts])
        timed = all(part.time_us is not None for part in self._parts)
        whole = Clicks(
            np.concatenate([part.session for part in self._parts]),
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([part.product for part in self._parts]),
            np.concatenate([part.time_us for part in self._parts if part.time_us is not None]) if timed else None,
            share,
            np.concatenate([part.held for part in self._parts if part.held is not None]) if not timed else None,
        )
        starts = whole.start_us
        order = np.argsort(whole.session, kind="stable") if starts is None else np.lexsort((whole.session, starts))
        return whole.take(order.astype(np.int64))


def sample(world: Dataset, *, least: int, most: int, seed: int = 0, cut: Cut | None = None) -> Clicks:
    """A sample of the sessions of a world, cut as another log was."""
    sampler = Sampler(least=least, most=most, seed=seed)
    for piece in through(cut or Cut(), lambda: pieces(world), world.products)():
        sampler.add(piece)
    return sampler.clicks()

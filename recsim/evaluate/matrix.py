"""Rows gathered, part by part, into what recommenders take: a matrix, the times of its pairs, ordered histories."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.evaluate.rows import Rows
from recsim.recommenders.base import Histories, Interactions


@dataclass(frozen=True)
class Pairs:
    """n distinct (user, product) pairs in rising order: int32[n], float32[n], and their last time, int64[n] or None."""

    users: NDArray[np.int32]
    products: NDArray[np.int32]
    weights: NDArray[np.float32]
    last_us: NDArray[np.int64] | None


@dataclass
class Gathering:
    """Rows become pairs as they come, so that what is held grows with the pairs and not with the rows."""

    users: int
    products: int
    parts: list[Pairs] = field(default_factory=list)
    rows: int = 0

    def add(self, rows: Rows) -> None:
        """Take the rows of some users. A user may come again later; his pairs are then added up."""
        self.rows += len(rows)
        if len(rows):
            self.parts.append(pairs_of(rows, self.products))

    def interactions(self) -> Interactions:
        """Everything taken, as one matrix. The gathering is spent."""
        parts, self.parts = self.parts, []
        counts = np.zeros(self.users, np.int64)
        several = False
        for part in parts:
            of_part = np.bincount(part.users, minlength=self.users)
            several |= bool(((counts > 0) & (of_part > 0)).any())
            counts += of_part
        if several:
            return self._merged(parts)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        size = int(indptr[-1])
        indices, data = np.empty(size, np.int32), np.empty(size, np.float32)
        timed = all(part.last_us is not None for part in parts)
        last = np.empty(size, np.int64) if timed else None
        while parts:
            part = parts.pop()
            first = np.searchsorted(part.users, part.users)
            places = indptr[part.users] + np.arange(len(part.users)) - first
            indices[places], data[places] = part.products, part.weights
            if last is not None and part.last_us is not None:
                last[places] = part.last_us
        matrix = csr_matrix((data, indices, _small(indptr)), shape=(self.users, self.products))
        matrix.has_canonical_format = True
        return Interactions(matrix, last)

    def _merged(self, parts: list[Pairs]) -> Interactions:
        together = Rows.together(
            [
                Rows(
                    part.users.astype(np.int64),
                    part.products.astype(np.int64),
                    part.weights.astype(float),
                    part.last_us,
                )
                for part in parts
            ]
        )
        fresh = Gathering(self.users, self.products)
        fresh.add(together)
        return fresh.interactions()


def pairs_of(rows: Rows, products: int) -> Pairs:
    """The distinct pairs of rows: weights added in the order of the rows, and the last time."""
    keys = rows.users * products + rows.products
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    pairs = keys[starts]
    return Pairs(
        users=(pairs // products).astype(np.int32),
        products=(pairs % products).astype(np.int32),
        weights=np.add.reduceat(rows.weights[order], starts).astype(np.float32),
        last_us=None if rows.times_us is None else np.maximum.reduceat(rows.times_us[order], starts),
    )


def interactions(rows: Rows, users: int, products: int) -> Interactions:
    """The matrix of rows: weights of a pair added in the order of the rows, and the pair's last time."""
    gathering = Gathering(users, products)
    gathering.add(rows)
    return gathering.interactions()


def order_of(rows: Rows) -> NDArray[np.int64]:
    """Places of the rows by user, session, time, position, and their own order: oldest first inside a session.

    Without times, sessions of a user follow each other by number.
    """
    keys: list[NDArray[np.int64]] = []
    if rows.positions is not None:
        keys.append(rows.positions)
    if rows.times_us is not None:
        keys.append(rows.times_us)
    if rows.sessions is not None:
        keys.append(rows.sessions)
    return np.lexsort((*keys, rows.users)) if keys else np.argsort(rows.users, kind="stable")


def sessions_in_order(rows: Rows) -> Histories:
    """One case a session, products oldest first; a user's rows are one case where no session is known."""
    placed = rows.where(order_of(rows))
    new = np.diff(placed.users, prepend=-1) != 0
    if placed.sessions is not None:
        new |= np.diff(placed.sessions, prepend=-1) != 0
    starts = np.flatnonzero(new)
    return Histories(
        users=placed.users[starts],
        indptr=np.append(starts, len(placed)).astype(np.int64),
        products=placed.products,
        times_us=placed.times_us,
    )


def baskets_in_order(rows: Rows) -> Histories:
    """One case a user, products basket by basket, baskets numbered from 0 in `groups`.

    Baskets follow each other by their first time, without times by their number.
    """
    placed = rows.where(basket_order(rows))
    sessions = placed.sessions
    assert sessions is not None, "rows keep their sessions"
    new_user = np.diff(placed.users, prepend=-1) != 0
    number = np.cumsum(new_user | (np.diff(sessions, prepend=-1) != 0)) - 1
    cases = np.flatnonzero(new_user)
    lengths = np.diff(np.append(cases, len(placed)))
    return Histories(
        users=placed.users[cases],
        indptr=np.append(cases, len(placed)).astype(np.int64),
        products=placed.products,
        groups=number - np.repeat(number[cases], lengths),
        times_us=placed.times_us,
    )


def basket_order(rows: Rows) -> NDArray[np.int64]:
    """Places of the rows by user, first time of the basket (its number, without times), basket and product."""
    assert rows.sessions is not None, "baskets are sessions"
    starts = rows.sessions if rows.times_us is None else _first_times(rows)
    return np.lexsort((rows.products, rows.sessions, starts, rows.users))


def joined(parts: list[Histories]) -> Histories | None:
    """The cases of all parts, one after the other; None where there are no parts."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    starts = np.concatenate([[0], np.cumsum([len(part.products) for part in parts])])
    indptr = [part.indptr[:-1] + start for part, start in zip(parts, starts, strict=False)]
    groups = [part.groups for part in parts if part.groups is not None]
    times = [part.times_us for part in parts if part.times_us is not None]
    return Histories(
        users=np.concatenate([part.users for part in parts]),
        indptr=np.concatenate([*indptr, starts[-1:]]).astype(np.int64),
        products=np.concatenate([part.products for part in parts]),
        groups=np.concatenate(groups) if len(groups) == len(parts) else None,
        times_us=np.concatenate(times) if len(times) == len(parts) else None,
    )


def _first_times(rows: Rows) -> NDArray[np.int64]:
    """For each row, the first time of its basket."""
    assert rows.sessions is not None, "baskets are sessions"
    _, place = np.unique(rows.sessions, return_inverse=True)
    first = np.full(int(place.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, place, rows.times)
    return first[place]


def _small(indptr: NDArray[np.int64]) -> NDArray[np.int32] | NDArray[np.int64]:
    """Row starts as int32 where they fit: what the libraries take without a copy."""
    return indptr.astype(np.int32) if indptr[-1] <= np.iinfo(np.int32).max else indptr

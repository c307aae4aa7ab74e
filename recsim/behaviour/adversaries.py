"""Who the adversaries are: accounts, kinds, rings and targets, as pure functions of the scenario.

Of U registered users A are hostile: account j (0 .. A - 1) is one of the users j·⌊U / A⌋ .. (j + 1)·⌊U / A⌋ - 1, which
one is hashed. So they are scattered over ids and partitions, and either direction is a formula. Kinds are dealt by a
walk through the accounts with a step near the golden section, so that they mix. A ring is a run of accounts of one kind
and tenant; its target, day and hour are hashed from its number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.catalogue import Catalogue, products_of
from recsim.behaviour.hostile import hostile_users, tenants_of
from recsim.behaviour.rules import Rules
from recsim.rng import partition_of, words
from recsim.scenario import Scenario
from recsim.scenario.adversaries import counts

KINDS = ("crawler", "carder", "vote_ring", "fake_reviews")
CRAWLER, CARDER, VOTE_RING, FAKE_REVIEWS = range(4)
_HOUR_MS = 3_600_000
_TRIES = 4
_UP_OF_100 = 70


@dataclass(frozen=True)
class Accounts:
    """n accounts, as columns: user, kind, ring, target slot, target review, +1 or -1, day, first ms, salt of the ring's
    text; -1 where there is none. Ascending by user."""

    rows: NDArray[np.int64]

    USER, KIND, RING, SLOT, REVIEW, DIRECTION, DAY, FROM_MS, SALT = range(9)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, position: int) -> NDArray[np.int64]:
        return self.rows[:, position]


class Adversaries:
    """The hostile accounts of a world. Holds 80 bytes an account."""

    def __init__(self, scenario: Scenario, rules: Rules, catalogue: Catalogue) -> None:
        self.scenario = scenario
        self._rules = rules
        self._catalogue = catalogue
        self.burst_ms = scenario.adversaries.burst_minutes * 60_000
        self.accounts = self._all(counts(scenario.adversaries, rules.users))
        self._partition = partition_of(self.accounts.column(Accounts.USER), rules.partitions)

    def of(self, partition: int) -> Accounts:
        """The accounts that live in a partition."""
        return Accounts(np.ascontiguousarray(self.accounts.rows[self._partition == partition]))

    def find(self, user: int) -> NDArray[np.int64] | None:
        """The row of an account; None for a customer."""
        users = self.accounts.column(Accounts.USER)
        place = int(np.searchsorted(users, user))
        return self.accounts.rows[place] if place < len(users) and users[place] == user else None

    def target_product(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The products that accounts work on; -1 for none."""
        slot = rows[:, Accounts.SLOT]
        return np.where(slot >= 0, products_of(self._catalogue, np.maximum(slot, 0)), -1)

    def _all(self, kinds: list[int]) -> Accounts:
        total = sum(kinds)
        rows = np.full((total, 9), -1, np.int64)
        if not total:
            return Accounts(rows)
        number = np.arange(total)
        users = np.empty(total, np.int64)
        hostile_users(self._rules, users)
        rows[:, Accounts.USER] = users
        dealt = number * _step(total) % total
        ends = np.cumsum(kinds)
        rows[:, Accounts.KIND] = np.searchsorted(ends, dealt, side="right")
        tenant = np.empty(total, np.int64)
        tenants_of(self._rules, users, tenant)
        tenants = len(self.scenario.users.tenants)
        in_kind = dealt - np.concatenate([[0], ends])[rows[:, Accounts.KIND]]
        ring = (in_kind // self.scenario.adversaries.ring_accounts * 2 + rows[:, Accounts.KIND] % 2) * tenants + tenant
        ringed = rows[:, Accounts.KIND] >= VOTE_RING
        rows[ringed, Accounts.RING] = ring[ringed]
        self._aim(rows, ringed, tenant)
        return Accounts(rows)

    def _aim(self, rows: NDArray[np.int64], ringed: NDArray[np.bool_], tenant: NDArray[np.int64]) -> None:
        """Give the rings their targets and hours."""
        ring, whose = rows[ringed, Accounts.RING].astype(np.uint64), tenant[ringed]
        shelf, seed = self._catalogue, self.scenario.seed
        when, what = words(seed, "ring/when", ring), words(seed, "ring/what", ring)
        low = shelf.niche[shelf.start[shelf.tenant_start[whose]]]
        size = shelf.niche[shelf.start[shelf.tenant_start[whose + 1]]] - low
        slots = low[:, None] + (words(seed, "ring/slots", ring) % size[:, None])
        reviews = np.diff(shelf.reviews_before)[products_of(shelf, slots)]
        best = np.argmax(reviews > 0, axis=1)
        slot = slots[np.arange(len(slots)), best]
        has = reviews[np.arange(len(slots)), best]
        votes = rows[ringed, Accounts.KIND] == VOTE_RING
        review = shelf.reviews_before[products_of(shelf, slot)] + what[:, 0] % np.maximum(has, 1)
        rows[ringed, Accounts.SLOT] = np.where(~votes | (has > 0), slot, -1)
        rows[ringed, Accounts.REVIEW] = np.where(votes & (has > 0), review, -1)
        rows[ringed, Accounts.DIRECTION] = np.where(what[:, 1] % 100 < _UP_OF_100, 1, -1)
        rows[ringed, Accounts.DAY] = when[:, 0] % self.scenario.calendar.days
        latest = 23 * _HOUR_MS - self.burst_ms
        rows[ringed, Accounts.FROM_MS] = when[:, 1].astype(np.int64) % max(latest, 1)
        rows[ringed, Accounts.SALT] = what[:, 2]


def _step(total: int) -> int:
    """A step near the golden section of the accounts that visits all of them."""
    step = max(1, round(total * 0.618))
    while math.gcd(step, total) > 1:
        step += 1
    return step

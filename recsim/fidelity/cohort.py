"""How a cohort of new buyers comes back: the shape that buy-till-you-die models are made for."""

from __future__ import annotations

from datetime import date

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, told, untold
from recsim.fidelity.clocks import DAY_US
from recsim.fidelity.log import PURCHASE, Piece

COHORT_DAYS = 84
"""Buyers whose first order lies in the first twelve weeks of the log are the cohort, as in the CDNOW data."""
QUARTER_DAYS = 91
LEAST_QUARTERS = 2
SHARES = 3


class RepeatBuying:
    """Repeat orders of the buyers who first bought in the first twelve weeks of a log; a day counts once.

    `repeats_0` to `repeats_2`: shares of buyers with so many repeat orders by the end. `repeats_mean`: how many a buyer
    has. `quarter_1` on: repeat orders a buyer in each quarter of a year after his own first order, of the quarters that
    the log holds for every buyer. `last_half_share`: buyers with an order in the last half of the log. Schmittlein,
    Morrison and Colombo ("Counting your customers", Management Science 1987) and Fader, Hardie and Lee ("Counting your
    customers the easy way", Marketing Science 2005) judge their models by these.
    """

    about = About("repeat_buying", "rates", "marginal", "of a cohort")

    def __init__(self, context: Context) -> None:
        labels = context.world.days() if context.timed and context.world.has("events") else []
        self._reason = ""
        if context.users_are_sessions or not labels:
            self._reason = "the log knows sessions, not users" if context.users_are_sessions else "the log has no times"
            return
        self._first_day = (date.fromisoformat(labels[0]) - date(1970, 1, 1)).days
        self._days = (date.fromisoformat(labels[-1]) - date.fromisoformat(labels[0])).days + 1
        self._quarters = (self._days - COHORT_DAYS) // QUARTER_DAYS
        if self._quarters < LEAST_QUARTERS:
            least = COHORT_DAYS + LEAST_QUARTERS * QUARTER_DAYS
            self._reason = f"the log has fewer than {least} days"
            return
        self._first = np.full(context.world.users, -1, np.int32)
        self._repeats = np.zeros(context.world.users, np.int32)
        self._late = np.zeros(context.world.users, bool)
        self._by_quarter = np.zeros(self._quarters, np.int64)

    def add(self, piece: Piece) -> None:
        """Take the orders in; those of a user come in order of time, or all at once."""
        bought = piece.of(PURCHASE)
        if self._reason or not len(bought) or bought.time_us is None:
            return
        pairs = np.unique(np.stack([bought.user, bought.time_us // DAY_US - self._first_day], axis=1), axis=0)
        user, day = pairs[:, 0], pairs[:, 1].astype(np.int32)
        users, at = np.unique(user, return_index=True)
        new = self._first[users] < 0
        self._first[users[new]] = day[at[new]]
        age = day - self._first[user]
        cohort = self._first[user] < COHORT_DAYS
        self._late[user[cohort & (day >= self._days // 2)]] = True
        again = cohort & (age > 0)
        np.add.at(self._repeats, user[again], 1)
        quarter = (age[again] - 1) // QUARTER_DAYS
        self._by_quarter += np.bincount(quarter[quarter < self._quarters], minlength=self._quarters)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if self._reason:
            return untold(self.about, self._reason)
        cohort = (self._first >= 0) & (self._first < COHORT_DAYS)
        buyers = int(cohort.sum())
        if not buyers:
            return untold(self.about, f"nobody buys in the first {COHORT_DAYS} days")
        repeats = self._repeats[cohort]
        values = {f"repeats_{n}": float((repeats == n).mean()) for n in range(SHARES)}
        values["repeats_mean"] = float(repeats.mean())
        values["last_half_share"] = float(self._late[cohort].mean())
        values |= {f"quarter_{n + 1}": float(count / buyers) for n, count in enumerate(self._by_quarter)}
        return told(self.about, values, buyers)

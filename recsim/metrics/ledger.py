"""The denominator ledger: who a value counts, and who and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsim.metrics.judged import Judged


@dataclass(frozen=True)
class Ledger:
    """The counts behind the values of one recommender at one depth.

    `users`: with relevant products, the denominator. `answered`: those of them who got a list. `unanswered`: the
    others, who count as 0. `short`: answered with fewer than `depth` products. `without_truth`: lists given to users
    who have nothing to find, left out. `duplicates`: places dropped because the product stood higher up.
    `tied_users`, `tied_places`: lists with products of equal score, and places that share theirs; `cut_ties`: full
    lists that end in a tie, which may go on past the end, where nobody can see it. `pairs`: relevant products in all;
    `cold_pairs`: those nobody had in training; `cold_users`: users with nothing else to find.
    """

    depth: int
    users: int
    answered: int
    unanswered: int
    short: int
    without_truth: int
    duplicates: int
    tied_users: int
    tied_places: int
    cut_ties: int
    pairs: int
    cold_pairs: int
    cold_users: int

    @property
    def answered_share(self) -> float:
        return self.answered / self.users if self.users else 0.0

    @property
    def tied_share(self) -> float:
        """Tied users among the answered."""
        return self.tied_users / self.answered if self.answered else 0.0


def ledger_of(judged: Judged) -> Ledger:
    """The ledger of judged lists at their full depth."""
    answered = int(np.count_nonzero(judged.answered))
    pairs, cold_pairs, cold_users = int(judged.relevant.sum()), 0, 0
    if judged.context is not None:
        cold = judged.context.cold[judged.truth.indices]
        cold_pairs = int(np.count_nonzero(cold))
        warm = np.add.reduceat(~cold, judged.truth.indptr[judged.users]) if len(judged.users) else cold
        cold_users = int(np.count_nonzero(warm == 0))
    return Ledger(
        depth=judged.depth,
        users=len(judged.users),
        answered=answered,
        unanswered=len(judged.users) - answered,
        short=int(np.count_nonzero((judged.lengths < judged.depth) & judged.answered)),
        without_truth=judged.without_truth,
        duplicates=judged.duplicates,
        tied_users=int(np.count_nonzero(judged.tied_places)),
        tied_places=int(judged.tied_places.sum()),
        cut_ties=int(np.count_nonzero(judged.tied_at_end)),
        pairs=pairs,
        cold_pairs=cold_pairs,
        cold_users=cold_users,
    )

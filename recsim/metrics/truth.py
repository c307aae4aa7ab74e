"""Against the truth of a synthetic world: how much of what could be had a list gives, and how much it leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of


def _utilities(judged: Judged, k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Summed true utility of each user's first k, and of the k best there are."""
    oracle = context_of(judged).oracle
    assert oracle is not None, "the metric needs an oracle"
    best = oracle.utility(judged.users, oracle.best(judged.users, k)).sum(axis=1)
    return oracle.utility(judged.users, judged.products[:, :k]).sum(axis=1), best


def share_of_oracle(judged: Judged, k: int) -> NDArray[np.float64]:
    """True utility of the first k ÷ that of the k best products the user could be shown; NaN where that is 0."""
    mine, best = _utilities(judged, k)
    return np.divide(mine, best, out=np.full(len(mine), np.nan), where=best > 0)


def regret(judged: Judged, k: int) -> NDArray[np.float64]:
    """True utility of the k best products the user could be shown - that of the first k."""
    mine, best = _utilities(judged, k)
    return best - mine


SHARE_OF_ORACLE = Definition(
    "true utility of the first k ÷ that of the k best products",
    share_of_oracle,
    needs=lambda _: ("oracle",),
    looks_at_truth=False,
    source="the truth of a synthetic world",
)
REGRET = Definition(
    "true utility of the k best products - that of the first k",
    regret,
    needs=lambda _: ("oracle",),
    better="lower",
    most=np.inf,
    looks_at_truth=False,
    source="the truth of a synthetic world",
)

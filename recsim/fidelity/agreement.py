"""Ranking agreement: do recommenders come in the same order on two logs? Kendall's tau, with its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.fidelity.protocol import Cases, Prepared, Protocol, cases_of, interactions_of
from recsim.metrics.bootstrap import resampled_means
from recsim.progress import Progress, silent
from recsim.recommenders.named import parse

PANEL = (
    "random",
    "popular",
    "session-popular",
    "markov(steps=1)",
    "markov",
    "session-item-knn",
    "session-item-knn(last=0)",
    "vs-sknn(place=same,match=same,idf=0)",
    "vs-sknn",
)
"""Random, popular, session-popular, Markov chain, sequential rules, item-kNN of the last product and of the session,
S-kNN, VS-SKNN: simple, deterministic, and known to disagree with each other."""

RESAMPLES = 500
CERTAIN = 0.95


@dataclass(frozen=True)
class Scores:
    """Sums by test session, float64[recommenders, sessions]: `recall` of hits in k, `mrr` of 1 ÷ rank.

    `views`: views asked for, float64[sessions].
    """

    names: tuple[str, ...]
    recall: NDArray[np.float64]
    mrr: NDArray[np.float64]
    views: NDArray[np.float64]

    def of(self, metric: str) -> NDArray[np.float64]:
        return self.recall if metric == "recall" else self.mrr

    def means(self, metric: str) -> NDArray[np.float64]:
        """The mean over views of each recommender."""
        return self.of(metric).sum(axis=1) / self.views.sum()

    def resampled(self, metric: str, seed: int) -> NDArray[np.float64]:
        """The means in resamples of the sessions, float64[resamples, recommenders]."""
        columns = np.vstack([self.of(metric), self.views]).T
        drawn = resampled_means(columns, np.arange(len(self.views)), seed=seed, replicates=RESAMPLES)
        return drawn[:, :-1] / drawn[:, -1:]


def score(
    prepared: Prepared,
    protocol: Protocol,
    *,
    panel: Sequence[str] = PANEL,
    seed: int = 1,
    progress: Progress = silent,
    label: str = "",
) -> Scores:
    """Fit the panel on the training sessions and rank for every next view of the test sessions."""
    interactions, cases = interactions_of(prepared), cases_of(prepared)
    recall = np.zeros((len(panel), cases.sessions))
    mrr = np.zeros_like(recall)
    for row, name in enumerate(panel):
        model = parse(name).build()
        model.fit(interactions, seed=seed)
        k = min(protocol.k, prepared.products)
        if hasattr(model, "recommend_after"):
            lists = model.recommend_after(cases.histories, k, mask_seen=False).products
        else:
            lists = model.recommend(cases.histories.users, k, mask_seen=False).products
        hit, reciprocal = _judge(lists, cases)
        recall[row] = np.bincount(cases.session, hit, cases.sessions)
        mrr[row] = np.bincount(cases.session, reciprocal, cases.sessions)
        progress(f"rank {label}", row + 1, len(panel), "recommenders")
    return Scores(tuple(panel), recall, mrr, np.bincount(cases.session, minlength=cases.sessions).astype(np.float64))


def _judge(lists: NDArray[np.int64], cases: Cases) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    same = lists == cases.target[:, None]
    hit = same.any(axis=1)
    rank = np.where(hit, same.argmax(axis=1) + 1, 1)
    return hit.astype(np.float64), np.where(hit, 1.0 / rank, 0.0)


def kendall(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kendall's tau-b of the last axis: concordant less discordant pairs over the root of the untied pairs of each."""
    upper = np.triu_indices(a.shape[-1], 1)
    first = np.sign(a[..., upper[0]] - a[..., upper[1]])
    second = np.sign(b[..., upper[0]] - b[..., upper[1]])
    scale = np.sqrt(np.abs(first).sum(axis=-1) * np.abs(second).sum(axis=-1))
    return (first * second).sum(axis=-1) / np.where(scale > 0, scale, 1.0)


@dataclass(frozen=True)
class Agreement:
    """tau of two logs on a metric: the value, its 95 % interval over resampled sessions, and what it rests on.

    `pairs` of recommenders, of which `certain` differ beyond chance on both logs, of which `agreeing` in the same
    direction; `swaps` names the pairs that certainly disagree.
    """

    metric: str
    value: float
    low: float
    high: float
    pairs: int
    certain: int
    agreeing: int
    swaps: tuple[tuple[str, str], ...]

    @property
    def certain_tau(self) -> float | None:
        """tau over the certain pairs alone; None where there are none."""
        return None if not self.certain else (2 * self.agreeing - self.certain) / self.certain


def agree_with_means(means: Sequence[float], made: Scores, *, seed: int = 1) -> tuple[float, float, float]:
    """tau of known recalls, in the panel's order, and a log: value and 95 % interval over the log's sessions alone."""
    known = np.array(means)
    low, high = np.quantile(kendall(known, made.resampled("recall", seed)), [0.025, 0.975])
    return float(kendall(known, made.means("recall"))), float(low), float(high)


def agree(a: Scores, b: Scores, metric: str, *, seed: int = 1) -> Agreement:
    """How far two logs rank the same recommenders alike.

    Each side's test sessions are resampled on their own; the interval holds the middle 95 % of tau. A pair of
    recommenders is certain where one leads in at least 95 % of the resamples of both sides.
    """
    assert a.names == b.names, "the same panel on both"
    means = [side.means(metric) for side in (a, b)]
    drawn = [side.resampled(metric, seed + at) for at, side in enumerate((a, b))]
    taus = kendall(drawn[0], drawn[1])
    upper = np.triu_indices(len(a.names), 1)
    leads = [(side[:, upper[0]] > side[:, upper[1]]).mean(axis=0) for side in drawn]
    trails = [(side[:, upper[0]] < side[:, upper[1]]).mean(axis=0) for side in drawn]
    certain = np.logical_and(
        *[(lead >= CERTAIN) | (trail >= CERTAIN) for lead, trail in zip(leads, trails, strict=True)]
    )
    same = (leads[0] > trails[0]) == (leads[1] > trails[1])
    swapped = [(a.names[upper[0][at]], a.names[upper[1][at]]) for at in np.flatnonzero(certain & ~same)]
    low, high = np.quantile(taus, [0.025, 0.975])
    return Agreement(
        metric=metric,
        value=float(kendall(means[0], means[1])),
        low=float(low),
        high=float(high),
        pairs=len(upper[0]),
        certain=int(certain.sum()),
        agreeing=int((certain & same).sum()),
        swaps=tuple(swapped),
    )

"""Gaps between groups: whom a recommender serves worst, and which products it does not find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim.errors import BadInput
from recsim.metrics.base import Definition, Option, parse
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of


def user_gap(judged: Judged, k: int, *, of: str, by: str) -> float:
    """Largest minus smallest mean of metric `of` at k over the groups of users `by` that have a user with a value."""
    values = parse(f"{of}@{k}").per_user(judged)
    groups = context_of(judged).user_groups[by]
    codes = groups.codes[judged.users]
    kept = ~np.isnan(values) & (codes >= 0)
    counts = np.bincount(codes[kept], minlength=len(groups.names))
    sums = np.bincount(codes[kept], values[kept], minlength=len(groups.names))
    means = sums[counts > 0] / counts[counts > 0]
    return float(means.max() - means.min()) if len(means) else float("nan")


def item_gap(judged: Judged, k: int, *, by: str) -> float:
    """Largest minus smallest share of their relevant pairs that is found in the first k, over groups of products."""
    groups = context_of(judged).product_groups[by]
    found = judged.products[:, :k][judged.hits[:, :k]]
    wanted = np.bincount(groups.codes[judged.truth.indices] + 1, minlength=len(groups.names) + 1)[1:]
    got = np.bincount(groups.codes[found] + 1, minlength=len(groups.names) + 1)[1:]
    shares = got[wanted > 0] / wanted[wanted > 0]
    return float(shares.max() - shares.min()) if len(shares) else float("nan")


def _user_needs(options: Mapping[str, Any]) -> tuple[str, ...]:
    metric = parse(f"{options['of']}@1")
    if metric.whole_run:
        raise BadInput(f'a gap needs a metric with a value a user, and "{options["of"]}" has none.')
    return (f"user_groups.{options['by']}", *metric.definition.needs(metric.arguments()))


USER_GAP = Definition(
    "largest minus smallest mean of a metric over groups of users (user_gap:of=ndcg:by=activity@20)",
    whole_run=user_gap,
    options={
        "of": Option("recall", "a metric with a value a user"),
        "by": Option("activity", "a partition of the users"),
    },
    needs=_user_needs,
    better="lower",
    most=np.inf,
    source="range form of Ekstrand et al., All the cool kids, FAT* 2018",
)
ITEM_GAP = Definition(
    "largest minus smallest share of relevant pairs found in the first k over product groups (item_gap:by=tenant@20)",
    whole_run=item_gap,
    options={"by": Option("popularity", "a partition of the products")},
    needs=lambda options: (f"product_groups.{options['by']}",),
    better="lower",
    source="range form of REO, Zhu, Wang and Caverlee, SIGIR 2020",
)

"""Boards: products ranked for everybody (most popular, trending), readable by tenant and by category at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.components.catalogue import Catalogue


class Board:
    """A ranking of products, best first, cut by tenant and by (tenant, category) once, so a look-up is a slice."""

    def __init__(self, ranked: NDArray[np.int64], catalogue: Catalogue) -> None:
        self._tenants = {name: code for code, name in enumerate(catalogue.tenants)}
        self._by_tenant = _cut(ranked, catalogue.tenant[ranked].astype(np.int64))
        self._width = len(catalogue.categories) + 1
        shelf = catalogue.tenant[ranked].astype(np.int64) * self._width + catalogue.category[ranked] + 1
        self._by_shelf = _cut(ranked, shelf)

    @classmethod
    def of_scores(cls, scores: NDArray[np.floating], catalogue: Catalogue) -> Board:
        """Products with a score above 0, the highest first; equal ones by number."""
        some = np.flatnonzero(scores > 0)
        return cls(some[np.lexsort((some, -scores[some]))], catalogue)

    def top(self, tenant: str, n: int) -> NDArray[np.int64]:
        """The tenant's n best."""
        return self._by_tenant.get(self._tenants.get(tenant, -1), _NOTHING)[:n]

    def top_of_category(self, tenant: str, category: int, n: int) -> NDArray[np.int64]:
        """The tenant's n best of a category; none of -1, the unknown category."""
        if category < 0 or tenant not in self._tenants:
            return _NOTHING
        return self._by_shelf.get(self._tenants[tenant] * self._width + category + 1, _NOTHING)[:n]


_NOTHING = np.empty(0, np.int64)


def _cut(ranked: NDArray[np.int64], group: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """The ranking of each group."""
    order = np.argsort(group, kind="stable")
    names, starts = np.unique(group[order], return_index=True)
    return dict(zip(names.tolist(), np.split(ranked[order], starts[1:]), strict=True)) if len(ranked) else {}

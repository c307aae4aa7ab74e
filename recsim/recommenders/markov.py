"""First-order Markov chains and sequential rules over ordered histories."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates
from recsim.recommenders.cases import after_cases, after_last, in_order
from recsim.recommenders.item_item import nearest, rank_sparse


@njit(cache=True)
def _follow(first, rows, starts, places, products, ends, fades):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """rows[r, j] = Σ over places of product first + r of the fade of each step at which j comes after it."""
    rows[:] = 0.0
    window = fades.shape[0]
    for r in range(rows.shape[0]):
        row = rows[r]
        for place in places[starts[first + r] : starts[first + r + 1]]:
            for step in range(1, min(window, ends[place] - place - 1) + 1):
                row[products[place + step]] += fades[step - 1]


class Markov:
    """A product is scored by how often it followed the last product of the history.

    With `steps` 1 it is a Markov chain. With more, sequential rules (Kamehkhosh, Jannach and Ludewig, RecTemp 2017;
    Ludewig and Jannach, UMUAI 28, 2018): what follows within so many steps counts too, faded by its distance d: `div`
    1/d, `linear` 1 - (d - 1)/steps, `quadratic` 1/d², `log` 1/ln(d + 1.7), `same` 1. `neighbours`: followers kept of
    each product. Nothing follows a product never followed, so a list may be short or empty.
    """

    name = "markov"

    def __init__(
        self,
        *,
        steps: Count = 10,
        fade: Literal["div", "linear", "quadratic", "log", "same"] = "div",
        neighbours: Count = 100,
    ) -> None:
        self.steps = steps
        self.fade = fade
        self.neighbours = neighbours
        self._matrix = csr_matrix((0, 0), dtype=np.float32)
        self._histories: Histories | None = None
        self._next = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        products = self._histories.products
        places = np.argsort(products, kind="stable")
        starts = np.searchsorted(products[places], np.arange(interactions.products + 1))
        ends = np.repeat(self._histories.indptr[1:], np.diff(self._histories.indptr))
        fades = _fades(self.fade, self.steps)
        self._next = nearest(
            interactions.products,
            self.neighbours,
            lambda first, rows: _follow(first, rows, starts, places, products, ends, fades),
        )

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        return after_last(self, self._histories, self._matrix, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return after_cases(self, histories, self._matrix.shape[1], k, mask_seen=mask_seen)

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates:
        full = np.flatnonzero(np.diff(histories.indptr))
        last = histories.products[histories.indptr[full + 1] - 1]
        indptr = np.searchsorted(full, np.arange(len(histories) + 1))
        ones = csr_matrix((np.ones(len(last), np.float32), last, indptr), shape=(len(histories), self._matrix.shape[1]))
        return rank_sparse(ones, self._next, np.arange(len(histories)), k, seen=seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(
            memory_bytes=pairs * 40 + products * 100 * 24,
            cpu_s=pairs * 10 * 4e-9 + (products + users) * products * 4e-10,
        )


def _fades(kind: str, steps: int) -> NDArray[np.float32]:
    d = np.arange(1, steps + 1, dtype=np.float64)
    fades = {
        "div": 1.0 / d,
        "linear": 1.0 - (d - 1.0) / steps,
        "quadratic": 1.0 / d**2,
        "log": 1.0 / np.log(d + 1.7),
        "same": np.ones(steps),
    }
    return fades[kind].astype(np.float32)

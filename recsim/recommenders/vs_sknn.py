"""Session-based nearest neighbours: S-kNN and VS-SKNN, by the sessions most like the running one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import after_cases, after_last, by_age, counts_of, in_order, take
from recsim.recommenders.topk import Selection

Fade = Literal["same", "div", "linear", "quadratic", "log"]
_FADES = ("same", "div", "linear", "quadratic", "log")
_CASES_PER_BLOCK = 16


@njit(cache=True)
def _place_weight(kind, place, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Weight of the product at `place` (1 the first) of a running session of `length`."""
    share = place / length
    if kind == 1:
        return 1.0 / (length - place + 1)
    if kind == 2:
        return 1.0 - 0.1 * (length - place) if length - place < 10 else 0.0
    if kind == 3:
        return share * share
    if kind == 4:
        return 1.0 / np.log10(length - place + 1.7)
    return 1.0


@njit(cache=True)
def _match_weight(kind, step):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Weight of a neighbour whose most recent shared product stands `step` from the end of the running session."""
    if kind == 1:
        return 1.0 / step
    if kind == 2:
        return 1.0 - 0.1 * step if step <= 10 else 0.0
    if kind == 3:
        return 1.0 / (step * step)
    if kind == 4:
        return 1.0 / np.log10(step + 1.7)
    return 1.0


@njit(cache=True)
def _candidates(distinct, count, starts, sessions, sample, stamp, mark, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The `sample` most recent sessions with one of the distinct products, most recent first; how many."""
    size = 0
    for number in range(count):
        end = starts[distinct[number] + 1]
        for place in range(end - 1, max(starts[distinct[number]], end - sample) - 1, -1):
            session = sessions[place]
            if stamp[session] != mark:
                stamp[session] = mark
                found[size] = session
                size += 1
    found[:size].sort()
    kept = min(size, sample)
    for place in range(kept // 2):
        found[size - kept + place], found[size - 1 - place] = found[size - 1 - place], found[size - kept + place]
    return found[size - kept : size]


@njit(cache=True)
def _rate(current, model, settings, room, mark, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add the scores of one running session to row[products]; `place_of` is 0 outside of this function."""
    starts, sessions, session_starts, contents, idf = model
    neighbours, sample, place_kind, match_kind = settings
    stamp, place_of, found = room
    length = current.shape[0]
    distinct = np.empty(length, np.int64)
    count = 0
    for place in range(length - 1, -1, -1):
        if place_of[current[place]] == 0:
            place_of[current[place]] = place + 1
            distinct[count] = current[place]
            count += 1
    near = _candidates(distinct, count, starts, sessions, sample, stamp, mark, found)
    alike = np.zeros(near.shape[0])
    latest = np.zeros(near.shape[0], np.int64)
    for number in range(near.shape[0]):
        own = contents[session_starts[near[number]] : session_starts[near[number] + 1]]
        for product in own:
            place = place_of[product]
            if place > 0:
                alike[number] += _place_weight(place_kind, place, length)
                latest[number] = max(latest[number], place)
        alike[number] /= np.sqrt(np.float64(count)) * np.sqrt(np.float64(own.shape[0]))
    for number in np.argsort(-alike, kind="mergesort")[:neighbours]:
        weight = alike[number] * _match_weight(match_kind, length - latest[number] + 1)
        for product in contents[session_starts[near[number]] : session_starts[near[number] + 1]]:
            row[product] += weight * idf[product]
    for number in range(count):
        place_of[distinct[number]] = 0


@njit(cache=True)
def _rate_block(first, rows, indptr, products, model, settings, room):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    rows[:] = 0.0
    for r in range(rows.shape[0]):
        current = products[indptr[first + r] : indptr[first + r + 1]]
        if current.shape[0]:
            _rate(current, model, settings, room, first + r, rows[r])


class VSSKNN:
    """Vector-multiplication session kNN (Ludewig and Jannach, UMUAI 28, 2018): later products of a session weigh more.

    Of the `sample` most recent training sessions that share a product with the running one, the `neighbours` most
    similar count: similarity is the sum of `place` weights of the shared products ÷ √(products of one · products of the
    other). A neighbour gives each of its products its similarity × the `match` weight of the step, from the end of the
    running session, of the latest shared product × (1 + `idf` · ln(sessions ÷ sessions with the product)).
    Place weights by share s of the session passed: `same` 1, `quadratic` s²; by d steps from the end: `div` 1/(d + 1),
    `linear` 1 - d/10, `log` 1/lg(d + 1.7). Match weights by step m ≥ 1: 1, 1/m, 1 - m/10, 1/m², 1/lg(m + 1.7).
    `place=same,match=same,idf=0` is S-kNN (Jannach and Ludewig, RecSys 2017). Recent is by time, without times by the
    order of the data.
    """

    name = "vs-sknn"

    def __init__(
        self,
        *,
        neighbours: Count = 100,
        sample: Count = 1000,
        place: Fade = "quadratic",
        match: Fade = "quadratic",
        idf: Weight = 5.0,
    ) -> None:
        self.neighbours = neighbours
        self.sample = sample
        self.place = place
        self.match = match
        self.idf = idf
        self._matrix = csr_matrix((0, 0), dtype=np.float32)
        self._histories: Histories | None = None
        self._contents: csr_matrix = csr_matrix((0, 0), dtype=np.float32)
        self._starts: NDArray[np.int64] = np.empty(0, np.int64)
        self._sessions: NDArray[np.int64] = np.empty(0, np.int64)
        self._weights: NDArray[np.float64] = np.empty(0)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        self._contents = counts_of(take(self._histories, by_age(self._histories)), interactions.products)
        columns = self._contents.tocsc()
        self._starts, self._sessions = columns.indptr.astype(np.int64), columns.indices.astype(np.int64)
        support = np.maximum(np.diff(self._starts), 1)
        self._weights = 1.0 + self.idf * np.log(max(len(self._histories), 1) / support)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        return after_last(self, self._histories, self._matrix, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return after_cases(self, histories, self._matrix.shape[1], k, mask_seen=mask_seen)

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates:
        cases, products = len(histories), self._matrix.shape[1]
        selection = Selection(np.arange(cases), k, seen=seen, floor=0.0)
        rows = np.empty((_CASES_PER_BLOCK, products), np.float32)
        settings = (self.neighbours, self.sample, _FADES.index(self.place), _FADES.index(self.match))
        longest = int(np.diff(histories.indptr).max(initial=1))
        room = (
            np.full(self._contents.shape[0], -1, np.int64),
            np.zeros(products, np.int64),
            np.empty(min(longest * self.sample, max(len(self._sessions), 1)), np.int64),
        )
        model = (self._starts, self._sessions, self._contents.indptr, self._contents.indices, self._weights)
        for first in range(0, cases, _CASES_PER_BLOCK):
            block = rows[: min(_CASES_PER_BLOCK, cases - first)]
            _rate_block(first, block, histories.indptr, histories.products, model, settings, room)
            selection.offer(block, first_row=first)
        return selection.slates()

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=pairs * 64 + products * 100, cpu_s=pairs * 1e-7 + users * (6e-5 + products * 4e-10))

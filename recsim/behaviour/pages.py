"""What users take from listings and pages, for many users and whole categories at once.

P(take i) = M E[o_i / (o_i + S)] over what else the page shows is an integral over e^(-t o_i) times the moments of the
other places (see `judging.considered`, which is exact and slow). Here the M places of a page are equally examined, as
many as are worth the scenario's, and 35 nodes of the same quadrature stand for the integral: chances differ from the
exact ones by 1 % (`tests/evaluate`), at a thousandth of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.kernel import inlined, kernel

_REACH, _STEP = 3.3, 0.195


def nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights of the double-exponential rule for odds of mean 1."""
    x = np.arange(-_REACH, _REACH, _STEP)
    t = np.exp(np.pi / 2 * np.sinh(x))
    return t, _STEP * np.pi / 2 * np.cosh(x) * t


@inlined
def _mean(odds, shelf, category):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The mean odds of what a category draws."""
    niche, start, inside, drawn = shelf
    mean = 0.0
    for n in range(start[category], start[category + 1]):
        for i in range(niche[n], niche[n + 1]):
            mean += drawn[n] * inside[i] * odds[i]
    return mean


@inlined
def _measure(odds, shelf, category, points, turn, room):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill e^(-t o) of each product, its mean in each niche, and the mean over niches of its power `turn`."""
    niche, start, inside, drawn = shelf
    decay, moment, whole, _, _ = room
    low = niche[start[category]]
    whole[:] = 0.0
    for n in range(start[category], start[category + 1]):
        for j in range(points.shape[0]):
            found = 0.0
            for i in range(niche[n], niche[n + 1]):
                left = np.exp(-points[j] * odds[i])
                decay[i - low, j] = left
                found += inside[i] * left
            moment[n - start[category], j] = found
            whole[j] += drawn[n] * found**turn


@inlined
def _normalise(chance, low, high):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    total = 0.0
    for i in range(low, high):
        total += chance[i]
    for i in range(low, high):
        chance[i] /= max(total, 1e-300)


@kernel
def _fill(odds, asked, shelf, page, quadrature, room, listing, beside):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    niche, start, inside, drawn = shelf
    places, niches = page
    points, weights, scaled = quadrature
    decay, moment, whole, of_listing, of_page = room
    turn = max(places / niches, 1.0)
    for pair in range(asked.shape[0]):
        u, c = asked[pair]
        mean = _mean(odds[u], shelf, c)
        if mean <= 0.0:
            continue
        for j in range(points.shape[0]):
            scaled[j] = points[j] / mean
        _measure(odds[u], shelf, c, scaled, turn, room)
        low = niche[start[c]]
        for n in range(start[c], start[c + 1]):
            for j in range(points.shape[0]):
                left = moment[n - start[c], j]
                of_listing[j] = weights[j] * left ** (turn - 1.0) * whole[j] ** (niches - 1)
                of_page[j] = weights[j] * left ** (places - 1.0)
            for i in range(niche[n], niche[n + 1]):
                listed, paged = 0.0, 0.0
                for j in range(points.shape[0]):
                    listed += decay[i - low, j] * of_listing[j]
                    paged += decay[i - low, j] * of_page[j]
                listing[u, i] = drawn[n] * inside[i] * odds[u, i] * listed
                beside[u, i] = inside[i] * odds[u, i] * paged
            _normalise(beside[u], niche[n], niche[n + 1])
        _normalise(listing[u], low, niche[start[c + 1]])


def fill(
    odds: NDArray[np.float32],
    asked: NDArray[np.bool_],
    shelf: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]],
    page: tuple[float, int],
    listing: NDArray[np.float32],
    beside: NDArray[np.float32],
) -> None:
    """Fill in what each user takes from a listing of a category and from a page of a niche, (users, slots), where
    `asked` (users, categories) says so.

    `shelf` is the first slot of each niche, the first niche of each category, and how a slot is drawn inside its niche
    and a niche inside its category; `page` how many equally examined places a page is worth, and niches on it.
    """
    niche, start, _, _ = shelf
    points, weights = nodes()
    slots, niches = int(np.diff(niche[start]).max()), int(np.diff(start).max())
    room = np.empty((slots, len(points))), np.empty((niches, len(points))), *np.empty((3, len(points)))
    quadrature = points, weights, np.empty_like(points)
    _fill(odds, np.argwhere(asked), shelf, page, quadrature, room, listing, beside)

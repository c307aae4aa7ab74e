"""What a recommender promises, checked on two small worlds: yours before it is used, ours in the tests.

`breaches(make)` returns a sentence for every promise that is broken, in the order of the promises; an empty list is a
recommender that can be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Histories, Interactions, Slates
from recsim.recommenders.topk import NOTHING

Make = Callable[[], Any]

_USERS, _PRODUCTS, _K = 30, 24, 6


def breaches(make: Make) -> list[str]:
    """The promises that a recommender (a class, or a function that makes one) breaks; stops at the first that fails."""
    for promise in (_has_its_methods, _answers, _is_repeatable, _stands_alone, _bears_the_odd_world, _continues):
        try:
            found = list(promise(make))
        except Exception as error:
            found = [f"{_doing(promise)} it raised {type(error).__name__}: {error}"]
        if found:
            return found
    return []


def two_clubs() -> Interactions:
    """Even users take even products and odd users odd ones; everybody leaves most of his club's products unseen."""
    random = np.random.default_rng(5)
    rows = [
        np.sort(2 * random.choice(_PRODUCTS // 2, random.integers(3, 6), replace=False) + user % 2)
        for user in range(_USERS)
    ]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int32)
    indices = np.concatenate(rows).astype(np.int32)
    matrix = csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(_USERS, _PRODUCTS))
    times = (np.arange(len(indices), dtype=np.int64) + 1) * 1_000_000
    histories = Histories(np.arange(_USERS), indptr.astype(np.int64), indices.astype(np.int64), times_us=times)
    return Interactions(matrix, times, histories, _shelf(_PRODUCTS))


def _shelf(products: int) -> pl.DataFrame:
    """What is known of the products: the clubs have a category and a word each."""
    clubs = ["even" if product % 2 == 0 else "odd" for product in range(products)]
    return pl.DataFrame(
        {
            "name": [f"{club} thing {product}" for product, club in enumerate(clubs)],
            "brand": [None if product % 5 == 0 else f"brand {product % 3}" for product in range(products)],
            "category": [["things", club] for club in clubs],
            "description": [f"a thing for the {club} club" for club in clubs],
            "price_usd": [10.0 + product for product in range(products)],
        }
    )


def _has_its_methods(make: Make) -> Iterator[str]:
    model = make()
    for method in ("fit", "recommend"):
        if not callable(getattr(model, method, None)):
            yield f"it has no {method}; it needs fit(interactions, *, seed) and recommend(users, k, *, mask_seen)"


def _answers(make: Make) -> Iterator[str]:
    """Shapes, ids, order, distinct and unseen products, and inputs left as they were."""
    clubs = two_clubs()
    before = (clubs.matrix.data.copy(), clubs.matrix.indices.copy())
    model = _fitted(make, clubs)
    if (clubs.matrix.data != before[0]).any() or (clubs.matrix.indices != before[1]).any():
        yield "fit changes the matrix it was given; work on a copy"
    users = np.array([7, 2, 21], np.int64)
    slates = model.recommend(users, _K, mask_seen=True)
    yield from _shape(slates, users, _K)
    if not _well_shaped(slates, users, _K):
        return
    for row, user in enumerate(users.tolist()):
        listed = slates.products[row][slates.products[row] != NOTHING]
        yield from _list(listed, slates.scores[row][slates.products[row] != NOTHING], user)
        known = set(clubs.matrix[user].indices.tolist()) & set(listed.tolist())
        if known:
            yield f"with mask_seen=True it lists product {min(known)} for user {user}, who has it in training"
    if not (slates.products != NOTHING).any():
        yield "it lists nothing for users it learned from"
    unmasked = model.recommend(users, _K, mask_seen=False)
    yield from _shape(unmasked, users, _K)


def _is_repeatable(make: Make) -> Iterator[str]:
    clubs, everybody = two_clubs(), np.arange(_USERS, dtype=np.int64)
    first, second = (_fitted(make, clubs).recommend(everybody, _K, mask_seen=True).products for _ in range(2))
    if (np.asarray(first) != np.asarray(second)).any():
        user = int(np.flatnonzero((np.asarray(first) != np.asarray(second)).any(axis=1))[0])
        yield f"fitted twice with the same seed it lists other products (user {user}); draw from the seed of fit alone"


def _stands_alone(make: Make) -> Iterator[str]:
    clubs = two_clubs()
    model = _fitted(make, clubs)
    whole = np.asarray(model.recommend(np.arange(_USERS, dtype=np.int64), _K, mask_seen=True).products)
    some = np.asarray(model.recommend(np.array([21, 2], np.int64), _K, mask_seen=True).products)
    if (some != whole[[21, 2]]).any():
        yield "the list of a user depends on who else is asked about in the same call"


def _bears_the_odd_world(make: Make) -> Iterator[str]:
    """A user without history, products nobody met, and a list longer than the catalogue."""
    indptr = np.array([0, 2, 4, 4], np.int32)
    matrix = csr_matrix((np.ones(4, np.float32), np.array([0, 1, 1, 2], np.int32), indptr), shape=(3, 5))
    times = np.arange(4, dtype=np.int64)
    histories = Histories(np.arange(2), np.array([0, 2, 4]), np.array([0, 1, 1, 2]), times_us=times)
    users = np.arange(3, dtype=np.int64)
    slates = _fitted(make, Interactions(matrix, times, histories, _shelf(5))).recommend(users, 9, mask_seen=True)
    yield from _shape(slates, users, 9)


def _continues(make: Make) -> Iterator[str]:
    clubs = two_clubs()
    model = _fitted(make, clubs)
    if not callable(getattr(model, "recommend_after", None)):
        return
    cases = Histories(np.array([3, 90]), np.array([0, 3, 5]), np.array([2, 6, 4, 7, 9]))
    yield from _shape(model.recommend_after(cases, _K, mask_seen=False), cases.users, _K, "recommend_after")
    masked = model.recommend_after(cases, _K, mask_seen=True)
    if set(np.asarray(masked.products[0]).tolist()) & {2, 6, 4}:
        yield "recommend_after with mask_seen=True lists a product of the history it continues"


def _fitted(make: Make, interactions: Interactions) -> Any:  # noqa: ANN401 - a stranger's class
    model = make()
    model.fit(interactions, seed=7)
    return model


def _well_shaped(slates: Any, users: NDArray[np.int64], k: int) -> bool:  # noqa: ANN401 - a stranger's answer
    return not list(_shape(slates, users, k))


def _shape(slates: Any, users: NDArray[np.int64], k: int, method: str = "recommend") -> Iterator[str]:  # noqa: ANN401
    if not isinstance(slates, Slates):
        yield f"{method} returns a {type(slates).__name__}, not Slates(users, products, scores)"
        return
    wanted = (len(users), k)
    for name in ("products", "scores"):
        given = np.shape(getattr(slates, name))
        if given != wanted:
            yield f"{method} for {wanted[0]} users and k={k} gives {name} of shape {given}, not {wanted}"
            return
    products = np.asarray(slates.products)
    if not np.issubdtype(products.dtype, np.integer):
        yield f"{method} gives products of type {products.dtype}, not whole numbers"
    elif products.min(initial=0) < NOTHING or products.max(initial=0) >= _PRODUCTS:
        yield f"{method} lists product {products.max()}, which is not in the catalogue (an empty place is -1)"
    if (np.asarray(slates.users) != users).any():
        yield f"{method} answers other users than it was asked about, or in another order"


def _list(listed: NDArray[np.int64], scores: NDArray[np.float32], user: int) -> Iterator[str]:
    values, counts = np.unique(listed, return_counts=True)
    if (counts > 1).any():
        yield f"it lists product {values[counts > 1][0]} twice for user {user}; a list holds distinct products"
    if not np.isfinite(scores).all():
        yield f"a product it lists for user {user} has no finite score; empty places are -1 with a score of -inf"
    elif (np.diff(scores) > 0).any():
        yield f"the list of user {user} is not in the order of its scores, best first"


def _doing(promise: Callable[[Make], Iterator[str]]) -> str:
    places: dict[Callable[[Make], Iterator[str]], str] = {
        _has_its_methods: "when it was made",
        _answers: "on 30 users and 24 products",
        _is_repeatable: "when it was fitted again",
        _stands_alone: "when some users were asked about",
        _bears_the_odd_world: "on a user without history and products nobody met",
        _continues: "when it continued a history",
    }
    return places[promise]

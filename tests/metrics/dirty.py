"""Runs with what makes tools disagree: ties, short lists, unanswered users, lists without truth, repeats."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recsim.metrics.conventions.lists import Run

USERS, PRODUCTS, DEPTH = 400, 120, 15


def dirty_run(*, ties: bool, repeats: bool, seed: int = 7) -> Run:
    """400 users × 120 products. Of ten users one has no truth, one no list and two a list of 1 to 9 places.

    With `ties` a list has five different scores at most, best first; with `repeats` every fifth list names a product
    again further down, with the score of that place.
    """
    random = np.random.default_rng(seed)
    products = np.array([random.permutation(PRODUCTS)[:DEPTH] for _ in range(USERS)])
    scores = -np.sort(-random.random((USERS, DEPTH)), axis=1)
    if ties:
        scores = np.ceil(scores * 5) / 8
    sizes = np.where(random.random(USERS) < 0.2, random.integers(1, 10, USERS), DEPTH)
    if repeats:
        for row in np.flatnonzero(random.random(USERS) < 0.2):
            first, again = np.sort(random.choice(DEPTH, 2, replace=False))
            products[row, again] = products[row, first]
    products[np.arange(DEPTH) >= sizes[:, None]] = -1
    relevant = random.random((USERS, PRODUCTS)) < random.choice([0.01, 0.03, 0.2], (USERS, 1))
    relevant[np.arange(USERS)[:, None], np.where(products < 0, 0, products)] |= random.random((USERS, DEPTH)) < 0.1
    relevant[random.random(USERS) < 0.1] = False
    relevant[:, 0] &= random.random(USERS) < 0.5
    listed = np.flatnonzero(random.random(USERS) >= 0.1)
    truth = csr_matrix(relevant.astype(np.float32))
    return Run(listed, products[listed], truth, scores=scores[listed])

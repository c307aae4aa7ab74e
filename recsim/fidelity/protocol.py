"""One protocol for every log: sessions cut alike, split by time, and every next view of the test sessions asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.fidelity.clicks import Clicks
from recsim.fidelity.log import Ints
from recsim.recommenders.base import Histories, Interactions
from recsim.rng import words


@dataclass(frozen=True)
class Protocol:
    """How a log is prepared. `support`: views a product needs; the latest `train_sessions` are learned from."""

    least_views: int = 2
    support: int = 5
    test_share: float = 0.1
    train_sessions: int = 200_000
    test_sessions: int = 3_000
    k: int = 20

    def facts(self) -> dict[str, float]:
        return dict(vars(self))


@dataclass(frozen=True)
class Prepared:
    """A log under the protocol, products renumbered from 0 (`product_ids` gives them back)."""

    train: Clicks
    test: Clicks
    product_ids: Ints
    split: str

    @property
    def products(self) -> int:
        return len(self.product_ids)

    def facts(self) -> dict[str, float | str]:
        """Sizes a reader needs beside any score."""
        return {
            "split": self.split,
            "train_sessions": len(self.train),
            "train_views": len(self.train.product),
            "test_sessions": len(self.test),
            "products": self.products,
            "sessions_per_product": round(len(self.train) / max(self.products, 1), 2),
            "sampled_share": self.train.share,
        }


def prepare(clicks: Clicks, protocol: Protocol, *, name: str, seed: int = 0) -> Prepared:
    """The training and test sessions of a log; raises `BadInput` where it is too small to rank anything.

    Products with too few views are taken out first, then sessions that are left too short, then the split is made: the
    data set's own where it has one and no times, else the latest sessions are the test. Test views of products that
    training does not hold are left out.
    """
    ids, product = np.unique(clicks.product, return_inverse=True)
    enough = np.bincount(product, minlength=len(ids)) >= protocol.support
    clicks = clicks.only(enough[product]).at_least(protocol.least_views)
    train, test, split = _parts(clicks, protocol)
    if len(train) > protocol.train_sessions:
        train = train.take(np.arange(len(train) - protocol.train_sessions, len(train)))
    known = np.unique(train.product)
    test = test.only(np.isin(test.product, known)).at_least(2)
    if len(test) > protocol.test_sessions:
        mark = words(seed, "fidelity/test", test.session.astype(np.uint64))[:, 0]
        test = test.take(np.sort(np.argsort(mark, kind="stable")[: protocol.test_sessions]))
    if len(test) < 50 or len(known) < 2 * protocol.k:
        raise BadInput(
            f"world {name} leaves {len(test)} test sessions over {len(known)} products after preparation, "
            "too few to rank recommenders by; take a larger world."
        )
    return Prepared(_renumbered(train, known), _renumbered(test, known), known, split)


def _parts(clicks: Clicks, protocol: Protocol) -> tuple[Clicks, Clicks, str]:
    if clicks.held is not None and clicks.held.any() and not clicks.held.all():
        return clicks.take(np.flatnonzero(~clicks.held)), clicks.take(np.flatnonzero(clicks.held)), "given"
    cut = max(len(clicks) - max(1, round(len(clicks) * protocol.test_share)), 0)
    kind = "global time" if clicks.time_us is not None else "order of sessions"
    return clicks.take(np.arange(cut)), clicks.take(np.arange(cut, len(clicks))), kind


def _renumbered(clicks: Clicks, known: Ints) -> Clicks:
    place = np.searchsorted(known, clicks.product)
    return Clicks(clicks.session, clicks.indptr, place, clicks.time_us, clicks.share, clicks.held)


def interactions_of(prepared: Prepared) -> Interactions:
    """What a recommender learns from: a case, and a user, a session."""
    train = prepared.train
    row = np.repeat(np.arange(len(train)), train.lengths)
    shape = (len(train), prepared.products)
    matrix = csr_matrix((np.ones(len(row), np.float32), (row, train.product)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    users = np.arange(len(train), dtype=np.int64)
    return Interactions(matrix, None, Histories(users, train.indptr, train.product, None, train.time_us))


@dataclass(frozen=True)
class Cases:
    """Every next view of the test sessions: what came before it, the product, and the session it belongs to."""

    histories: Histories
    target: Ints
    session: Ints
    sessions: int


def cases_of(prepared: Prepared) -> Cases:
    """The cases of the test sessions, one a view but the first of each."""
    test = prepared.test
    lengths = test.lengths
    row = np.repeat(np.arange(len(test)), lengths)
    place = np.arange(len(test.product)) - test.indptr[row]
    at = np.flatnonzero(place > 0)
    sizes = place[at]
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.arange(indptr[-1]) + np.repeat(test.indptr[row[at]] - indptr[:-1], sizes)
    times = None if test.time_us is None else test.time_us[rows]
    histories = Histories(np.arange(len(at)) % len(prepared.train), indptr, test.product[rows], None, times)
    return Cases(histories, test.product[at], row[at], len(test))

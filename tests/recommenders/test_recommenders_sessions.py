"""Recommenders of sessions, against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matrices import matrix_of, sessions_of
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Histories, Interactions, Slates
from recsim.recommenders.cases import by_age, counts_of, in_order, last_case, take
from recsim.recommenders.markov import Markov
from recsim.recommenders.personal_popular import PersonalPopular
from recsim.recommenders.session_item_knn import SessionItemKNN, recent
from recsim.recommenders.session_popular import SessionPopular
from recsim.recommenders.vs_sknn import VSSKNN


def learned(model: object, *rows: list[int], products: int = 6) -> Interactions:
    sessions = sessions_of(*rows)
    interactions = Interactions(counts_of(sessions, products), None, sessions)
    model.fit(interactions, seed=1)  # type: ignore[attr-defined]
    return interactions


def listed(slates: Slates, row: int = 0) -> dict[int, float]:
    found = zip(slates.products[row].tolist(), slates.scores[row].tolist(), strict=True)
    return {product: pytest.approx(score) for product, score in found if product >= 0}


def test_session_popular_puts_the_session_before_the_crowd() -> None:
    model = SessionPopular()
    learned(model, [0, 1], [1, 2], [1, 3], [3])
    slates = model.recommend_after(sessions_of([2, 5, 2, 0]), 5, mask_seen=False)
    # 2 twice; 0 and 5 once, 0 being more popular; then 1 (three times) and 3 (twice).
    assert slates.products.tolist() == [[2, 0, 5, 1, 3]]
    masked = model.recommend_after(sessions_of([2, 5, 2, 0]), 5, mask_seen=True)
    assert masked.products.tolist() == [[1, 3, 4, -1, -1]]


def test_markov_follows_the_last_product() -> None:
    model = Markov(steps=1)
    learned(model, [0, 1, 2], [0, 1], [0, 3], [1, 0])
    slates = model.recommend_after(sessions_of([1, 0], [2], [4, 1]), 6, mask_seen=False)
    assert listed(slates, 0) == {1: 2.0, 3: 1.0}
    assert listed(slates, 1) == {}
    assert listed(slates, 2) == {0: 1.0, 2: 1.0}


def test_sequential_rules_count_later_followers_less() -> None:
    model = Markov(steps=3, fade="div")
    learned(model, [0, 1, 2, 3, 4])
    assert listed(model.recommend_after(sessions_of([0]), 6, mask_seen=False)) == {1: 1.0, 2: 0.5, 3: 1 / 3}
    linear = Markov(steps=2, fade="linear")
    learned(linear, [0, 1, 2, 3, 4])
    assert listed(linear.recommend_after(sessions_of([0]), 6, mask_seen=False)) == {1: 1.0, 2: 0.5}


def test_session_item_knn_is_the_cosine_of_session_columns() -> None:
    model = SessionItemKNN(shrink=0.0, repeats=False)
    learned(model, [0, 1], [0, 1, 2], [0, 2], [1])
    slates = model.recommend_after(sessions_of([2, 0]), 6, mask_seen=False)
    assert listed(slates) == {1: 2 / 3, 2: 2 / (3**0.5 * 2**0.5)}


def test_session_item_knn_shrinks_and_looks_back() -> None:
    shrunk = SessionItemKNN(shrink=5.0, repeats=False)
    learned(shrunk, [0, 1], [0, 1, 2], [0, 2], [1])
    assert listed(shrunk.recommend_after(sessions_of([0]), 6, mask_seen=False))[1] == 2 / 8
    whole = SessionItemKNN(shrink=0.0, repeats=False, last=0, fade=0.5)
    learned(whole, [0, 1], [2, 3])
    assert listed(whole.recommend_after(sessions_of([0, 2]), 6, mask_seen=False)) == {3: 1.0, 1: 0.5}


def test_recent_adds_the_weights_of_a_product_that_came_twice() -> None:
    matrix = recent(sessions_of([4, 1, 4], []), 6, last=0, fade=0.5)
    assert matrix.toarray().tolist() == [[0, 0.5, 0, 0, 1.25, 0], [0] * 6]


def test_vs_sknn_is_the_formula_worked_out() -> None:
    model = VSSKNN(neighbours=2, sample=10, place="quadratic", match="div", idf=0.0)
    learned(model, [0, 1, 2], [1, 3], [4, 5], [0, 5])
    # Running session 0, 1: places 1/4 and 1. First: 1.25/(√2 √3), second: 1/(√2 √2), both latest shared at the end
    # (step 1); fourth: .25/(√2 √2) is the third best and does not count.
    first, second = 1.25 / 6**0.5, 1 / 2
    slates = model.recommend_after(sessions_of([0, 1]), 6, mask_seen=True)
    assert listed(slates) == {2: first, 3: second}


def test_vs_sknn_weighs_rare_products_more_and_early_matches_less() -> None:
    model = VSSKNN(place="same", match="div", idf=2.0)
    learned(model, [0, 1], [2, 3], [3])
    slates = model.recommend_after(sessions_of([0, 4]), 6, mask_seen=True)
    assert listed(slates) == {1: (1 / 2) * (1 / 2) * (1 + 2 * np.log(3))}


def test_vs_sknn_looks_at_the_most_recent_sessions_only() -> None:
    sessions = Histories(
        np.arange(3), np.array([0, 2, 4, 6]), np.array([0, 1, 0, 2, 0, 3]), None, np.array([5, 6, 9, 9, 1, 2])
    )
    model = VSSKNN(sample=1)
    model.fit(Interactions(counts_of(sessions, 6), None, sessions), seed=1)
    assert list(listed(model.recommend_after(sessions_of([0]), 6, mask_seen=True))) == [2]


def test_a_user_is_continued_from_the_latest_session() -> None:
    sessions = Histories(
        np.array([0, 0, 1]), np.array([0, 2, 4, 6]), np.array([0, 1, 2, 3, 0, 4]), None, np.array([7, 8, 1, 2, 3, 4])
    )
    assert by_age(sessions).tolist() == [1, 2, 0]
    assert last_case(sessions, 3).tolist() == [0, 2, -1]
    taken = take(sessions, np.array([2, -1, 0]))
    assert (taken.users.tolist(), taken.indptr.tolist(), taken.products.tolist()) == (
        [1, -1, 0],
        [0, 2, 2, 4],
        [0, 4, 0, 1],
    )


def test_times_of_pairs_are_an_order_too() -> None:
    matrix = counts_of(sessions_of([0, 2, 3], [], [1]), 4)
    ordered = in_order(Interactions(matrix, np.array([30, 10, 20, 5])), "markov")
    assert ordered.users.tolist() == [0, 2]
    assert ordered.products.tolist() == [2, 3, 0, 1]
    with pytest.raises(BadInput, match='recommender "markov" learns from the order'):
        in_order(Interactions(matrix), "markov")


def test_personal_popular_counts_baskets_not_pieces() -> None:
    baskets = Histories(
        np.array([0, 1]), np.array([0, 5, 7]), np.array([3, 3, 1, 1, 2, 0, 1]), np.array([0, 0, 0, 1, 1, 0, 1])
    )
    model = PersonalPopular()
    model.fit(Interactions(matrix_of([1, 2, 3], [0, 1], []), None, baskets), seed=1)
    slates = model.recommend(np.array([0, 2]), 5, mask_seen=False)
    # User 0: 1 in two baskets; 3 and 2 in one, 3 sold twice. Somebody else gets the popular: 1 three times, 3 twice.
    assert slates.products.tolist() == [[1, 3, 2, 0, 4], [1, 3, 0, 2, 4]]
    assert model.recommend(np.array([0]), 4, mask_seen=True).products.tolist() == [[0, 4, 5, -1]]


def test_personal_popular_may_forget() -> None:
    baskets = Histories(np.array([0]), np.array([0, 4]), np.array([3, 3, 1, 2]), np.array([0, 1, 2, 3]))
    model = PersonalPopular(decay=0.5)
    model.fit(Interactions(counts_of(baskets, 6), None, baskets), seed=1)
    slates = model.recommend_after(baskets, 3, mask_seen=False)
    assert listed(slates) == {2: 1 + 1 / 3, 1: 0.5 + 1 / 3, 3: 0.375 + 2 / 3}


@pytest.mark.real
def test_s_pop_reaches_the_published_figures_on_diginetica(real_data: Path) -> None:
    """SR-GNN (Wu et al., AAAI 2019), table 2: P@20 21.06, MRR@20 13.68, over every next click of the test sessions."""
    folder = real_data / "diginetica-srgnn"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    train, test = (_read(folder / f"{part}_sessions.parquet") for part in ("train", "test"))
    model = SessionPopular()
    model.fit(Interactions(csr_matrix((len(train), 43_200), dtype=np.float32), None, train), seed=1)
    ends = np.setdiff1d(np.arange(len(test.products)), test.indptr[:-1])
    starts = np.repeat(test.indptr[:-1], np.diff(test.indptr))[ends]
    lengths = ends - starts
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
    prefixes = Histories(np.arange(len(ends)), indptr, test.products[places])
    hits = model.recommend_after(prefixes, 20, mask_seen=False).products == test.products[ends][:, None]
    assert len(ends) == 60_858
    assert 100 * hits.any(axis=1).mean() == pytest.approx(21.06, abs=0.05)
    assert 100 * (hits / np.arange(1, 21)).sum(axis=1).mean() == pytest.approx(13.68, abs=0.05)


def _read(path: Path) -> Histories:
    frame = pl.read_parquet(path).sort("session", "pos")
    starts = np.flatnonzero(np.diff(frame["session"].to_numpy(), prepend=-1))
    products = frame["item"].to_numpy().astype(np.int64)
    return Histories(np.arange(len(starts)), np.append(starts, len(products)), products)

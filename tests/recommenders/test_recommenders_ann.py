"""Nearest products: exact where flat, nearly exact where not, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from recsim.recommenders.ann import Kind, ProductVectors, kind_of


def clustered(count: int, seed: int = 0, dimensions: int = 16) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(64, dimensions))
    return (centres[rng.integers(0, 64, count)] + 0.3 * rng.normal(size=(count, dimensions))).astype(np.float32)


def test_a_flat_index_finds_what_sorting_all_inner_products_finds() -> None:
    vectors, queries = clustered(500), clustered(7, seed=1)
    ids, scores = ProductVectors(vectors, choice="auto", seed=1).top_n(queries, 10)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert (ids == exact).all()
    assert scores == pytest.approx(np.take_along_axis(queries @ vectors.T, exact, axis=1), rel=1e-5)


def test_products_without_a_vector_are_never_found() -> None:
    vectors = clustered(20)
    vectors[[3, 7]] = 0
    ids, scores = ProductVectors(vectors, choice="flat", seed=1).top_n(vectors[:2], 20)
    assert not np.isin(ids, [3, 7]).any()
    assert (ids[:, 18:] == -1).all()
    assert np.isneginf(scores[:, 18:]).all()


def test_an_index_of_nothing_finds_nothing() -> None:
    empty = ProductVectors(np.zeros((5, 8), np.float32), choice="auto", seed=1)
    assert (empty.top_n(np.ones((2, 8), np.float32), 3)[0] == -1).all()
    assert empty.recall(np.ones((2, 8), np.float32), 3) == 1.0


def test_inverted_lists_find_nearly_all_and_say_how_many() -> None:
    vectors, queries = clustered(8_000), clustered(50, seed=1)
    index = ProductVectors(vectors, choice="ivf", seed=1)
    assert index.kind == Kind("IVF125,Flat", 32)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :20]
    found, _ = index.top_n(queries, 20)
    share = np.mean([len(np.intersect1d(a, b)) / 20 for a, b in zip(found, exact, strict=True)])
    assert index.recall(queries, 20) == pytest.approx(share)
    assert share > 0.97


def test_the_same_vectors_and_seed_give_the_same_answers() -> None:
    vectors, queries = clustered(8_000), clustered(20, seed=1)
    first, second = (ProductVectors(vectors, choice="ivf", seed=3).top_n(queries, 20) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


@pytest.mark.parametrize(
    ("products", "kind"),
    [(50_000, Kind("Flat", 0)), (100_000, Kind("IVF1024,Flat", 32)), (1_000_000, Kind("IVF4096,SQfp16", 64))],
)
def test_auto_chooses_by_the_size_of_the_catalogue(products: int, kind: Kind) -> None:
    assert kind_of(products, "auto") == kind

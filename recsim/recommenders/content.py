"""Recommending by what products are: words of their text, brand, category and price. Also for products nobody met."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.item_item import rank_sparse

_WORD = re.compile(r"[^\W_]{2,}")
_PRICE_BANDS = 10
_PROFILES_PER_PASS = 4096


class Content:
    """A product is scored by the cosine of its features and the mean features of the user's history.

    Features are the words of name and description, the brand, every step of the category path and the tenth of the
    catalogue's prices the price falls in, weighted by tf-idf: (1 + ln tf) · ln(products ÷ products with it), the last
    three times `attributes`, `name` words times `name_weight`. Rows have length 1 (Lops, de Gemmis and Semeraro,
    Recommender Systems Handbook, 2011). `most_common`: features in a larger share of the catalogue than one in so many
    are left out. Needs a catalogue. A product that shares no feature with the history is not recommended.
    """

    name = "content"

    def __init__(self, *, name_weight: Weight = 2.0, attributes: Weight = 1.5, most_common: Count = 3) -> None:
        self.name_weight = name_weight
        self.attributes = attributes
        self.most_common = most_common
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._features = csr_matrix((0, 0), dtype=np.float32)
        self._products = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        if interactions.catalogue is None:
            raise BadInput('recommender "content" needs products with a name, brand, category or price; name another.')
        self._history = binary_of(interactions.matrix)
        weights = {"word": 1.0, "name": self.name_weight, "attribute": self.attributes}
        self._features = features_of(interactions.catalogue, weights, self.most_common)
        self._products = self._features.T.tocsr()
        self._products.sort_indices()

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        products = np.empty((rows.shape[0], k), np.int64)
        scores = np.empty((rows.shape[0], k), np.float32)
        for first in range(0, rows.shape[0], _PROFILES_PER_PASS):
            part = slice(first, min(first + _PROFILES_PER_PASS, rows.shape[0]))
            profiles = _unit(rows[part] @ self._features)
            hidden = None if seen is None else seen[part]
            everybody = np.arange(profiles.shape[0], dtype=np.int64)
            slates = rank_sparse(profiles, self._products, everybody, k, seen=hidden)
            products[part], scores[part] = slates.products, slates.scores
        return Slates(np.arange(rows.shape[0]), products, scores)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """With sixty features a product, and a history's profile meeting a fiftieth of the catalogue in each."""
        return Cost(memory_bytes=products * 60 * 40 + pairs * 24, cpu_s=products * 1e-4 + users * products * 6e-9)


def features_of(catalogue: pl.DataFrame, weights: dict[str, float], most_common: int) -> csr_matrix:
    """Products × features, rows of length 1 (or 0 where nothing is known); features in the order they are met."""
    known: dict[tuple[str, str], int] = {}
    rows, columns, values = [], [], []
    for product, found in enumerate(_described(catalogue)):
        counts: dict[tuple[str, str], int] = {}
        for feature in found:
            counts[feature] = counts.get(feature, 0) + 1
        for feature, count in counts.items():
            rows.append(product)
            columns.append(known.setdefault(feature, len(known)))
            values.append((1.0 + np.log(count)) * weights[feature[0] if feature[0] in weights else "attribute"])
    matrix = csr_matrix((values, (rows, columns)), shape=(len(catalogue), max(len(known), 1)), dtype=np.float64)
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rarity = np.log(max(len(catalogue), 1) / np.maximum(holders, 1))
    rarity[holders > max(len(catalogue) / most_common, 1)] = 0.0
    matrix.data *= rarity[matrix.indices]
    matrix.eliminate_zeros()
    return _unit(matrix.astype(np.float32))


def _described(catalogue: pl.DataFrame) -> list[list[tuple[str, str]]]:
    """The features of each product, repeats kept."""
    found: list[list[tuple[str, str]]] = [[] for _ in range(len(catalogue))]
    for column, kind in (("name", "name"), ("description", "word")):
        for place, text in enumerate(_column(catalogue, column)):
            found[place] += [(kind, word) for word in _WORD.findall(text.lower())] if text else []
    for place, brand in enumerate(_column(catalogue, "brand")):
        found[place] += [("brand", brand.lower())] if brand else []
    for place, path in enumerate(_column(catalogue, "category")):
        steps = [path] if isinstance(path, str) else list(path) if path else []
        found[place] += [("category", "/".join(steps[: depth + 1])) for depth in range(len(steps))]
    for place, band in enumerate(_price_bands(catalogue)):
        found[place] += [("price", str(band))] if band >= 0 else []
    return found


def _column(catalogue: pl.DataFrame, name: str) -> list[Any]:
    return catalogue[name].to_list() if name in catalogue.columns else [None] * len(catalogue)


def _price_bands(catalogue: pl.DataFrame) -> list[int]:
    if "price_usd" not in catalogue.columns:
        return [-1] * len(catalogue)
    prices = catalogue["price_usd"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    priced = np.isfinite(prices)
    if not priced.any():
        return [-1] * len(catalogue)
    edges = np.quantile(prices[priced], np.linspace(0, 1, _PRICE_BANDS + 1)[1:-1])
    return np.where(priced, np.searchsorted(edges, prices, side="right"), -1).tolist()


def _unit(matrix: csr_matrix) -> csr_matrix:
    """Rows of length 1; an empty row stays empty. Sorted indices."""
    matrix = matrix.tocsr()
    matrix.sort_indices()
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    squares = np.bincount(owners, matrix.data.astype(np.float64) ** 2, matrix.shape[0])
    data = matrix.data / np.sqrt(np.maximum(squares, 1e-30))[owners]
    return csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)

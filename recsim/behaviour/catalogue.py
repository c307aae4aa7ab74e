"""The catalogue as arrays: what every worker holds to let a user choose among products.

Products stand in *slots* sorted by category, so that one session's look-ups stay inside a few kilobytes; `product`
turns a slot into the product's id. Tastes are int8: a dot product of two of them is exact integer arithmetic, the same
on every machine and cheap to vectorise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import quantiles
from recsim.errors import BadInput
from recsim.rng import normals, uniforms, words
from recsim.scenario import Scenario
from recsim.scenario.choice import QUALITY_WEIGHT

LANES = 16
"""Taste vectors are padded with zeros to a multiple of this many dimensions."""

USER_SCALE = 32.0
"""A user's stored taste is the real one times this."""

FIXED_SCALE = 1024.0
"""The fixed parts of a utility are stored as 16-bit multiples of 1/1024."""

REACH = 4.0
"""Product tastes are clipped at this many standard deviations."""


class Catalogue(NamedTuple):
    """N products in slots, C leaf categories, T tenants.

    `shelf` int8 (N, D + 16): a slot's taste, then three 16-bit numbers (high byte, low byte) of 1 / `FIXED_SCALE`:
    0.3·quality, -log(price / category median), centred log weight; so a candidate is half a cache line.
    `product` int64 (N,) the product's id; `alias` uint64 (N,) the alias tables inside each category (threshold in the
    high word, the other slot in the low); `start` int64 (C + 1,) first slot of each category; `mean` int8 (C, D) taste
    of a category; `category_alias` uint64 (C,) alias tables over the categories of each tenant; `tenant_start` int64
    (T + 1,) first category of each tenant; `reviews_before` int64 (N + 1,) reviews of products with a smaller id,
    by product id; `quality` float32 (N,); `scale` turns an integer dot product into user · product.
    """

    shelf: NDArray[np.int8]
    product: NDArray[np.int64]
    alias: NDArray[np.uint64]
    start: NDArray[np.int64]
    mean: NDArray[np.int8]
    category_alias: NDArray[np.uint64]
    tenant_start: NDArray[np.int64]
    reviews_before: NDArray[np.int64]
    quality: NDArray[np.float32]
    scale: np.float32


class Traits(NamedTuple):
    """What the tables say of products beyond `Catalogue`, by product id (N,): price, log weight, category, words."""

    category: NDArray[np.int64]
    price_usd: NDArray[np.float64]
    weight: NDArray[np.float64]
    quality: NDArray[np.float64]
    words: NDArray[np.uint32]


def product_scale(dimensions: int) -> float:
    """A product's stored taste is the real one times this: components have variance 1 / dimensions."""
    return 127.0 * math.sqrt(dimensions) / REACH


def padded(dimensions: int) -> int:
    return -(-dimensions // LANES) * LANES


def build(scenario: Scenario) -> tuple[Catalogue, Traits]:
    """The catalogue of a scenario; a pure function of its seed and its users and products sections."""
    products, seed = scenario.products, scenario.seed
    count = products.count
    ids = np.arange(count, dtype=np.uint64)
    demand, size, median_price = _categories(scenario)
    category = _place(uniforms(seed, "product/category", ids)[:, 0], size)
    z = normals(seed, "product/traits", ids, 4).astype(np.float64)
    quality = z[:, 0]
    weight = products.popularity_sigma * (0.95 * z[:, 1] + 0.31 * quality)
    log_price = 0.6 * z[:, 2]
    price = np.maximum(np.round(median_price[category] * np.exp(log_price)) - 0.01, 0.99)
    traits = Traits(category, price, weight, quality, words(seed, "product/words", ids))
    order = np.argsort(category, kind="stable")
    start = np.searchsorted(category[order], np.arange(products.categories + 1)).astype(np.int64)
    taste, mean = _tastes(scenario, category)
    tenant_start = _tenants(scenario)
    centred = weight - products.popularity_sigma**2 * (0.95**2 + 0.31**2) / 2
    fixed = np.stack([QUALITY_WEIGHT * quality, -log_price, centred], axis=1)
    catalogue = Catalogue(
        shelf=_shelf(taste[order], fixed[order]),
        product=order.astype(np.int64),
        alias=_alias_tables(np.exp(weight[order]), start),
        start=start,
        mean=mean,
        category_alias=_alias_tables(demand, tenant_start),
        tenant_start=tenant_start,
        reviews_before=_reviews_before(scenario, weight),
        quality=quality[order].astype(np.float32),
        scale=np.float32(1.0 / (USER_SCALE * product_scale(scenario.users.taste_dimensions))),
    )
    return catalogue, traits


def _categories(scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Per leaf category: demand weight, size weight (both lognormal, correlated) and median price in dollars."""
    ids = np.arange(scenario.products.categories, dtype=np.uint64)
    z = normals(scenario.seed, "category/traits", ids, 4).astype(np.float64)
    size = np.exp(z[:, 0])
    demand = size * np.exp(0.6 * z[:, 1])
    return demand, size, scenario.products.median_price_usd * np.exp(0.9 * z[:, 2])


def _place(u: NDArray[np.float32], size: NDArray[np.float64]) -> NDArray[np.int64]:
    """The category of each product: one product in each, the others by size."""
    category = np.searchsorted(np.cumsum(size) / size.sum(), u, side="right").clip(0, len(size) - 1)
    category[: len(size)] = np.arange(len(size))
    return category.astype(np.int64)


def _tastes(scenario: Scenario, category: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """θ = √ρ μ_category + √(1-ρ) ε with μ, ε ~ N(0, I / d), stored as int8: products (N, D) and categories (C, D)."""
    dimensions, share = scenario.users.taste_dimensions, scenario.products.taste_share
    ids = np.arange(len(category), dtype=np.uint64)
    leaves = np.arange(scenario.products.categories, dtype=np.uint64)
    mean = normals(scenario.seed, "category/taste", leaves, dimensions)
    own = normals(scenario.seed, "product/taste", ids, dimensions)
    own *= np.float32(math.sqrt(1.0 - share))
    own += np.float32(math.sqrt(share)) * mean[category]
    return _stored(own), _stored(mean)


def _stored(unit: NDArray[np.float32]) -> NDArray[np.int8]:
    """Standard normal components (variance 1) as int8, padded with zeros."""
    stored = np.zeros((len(unit), padded(unit.shape[1])), np.int8)
    stored[:, : unit.shape[1]] = np.clip(np.round(unit * np.float32(127.0 / REACH)), -127, 127)
    return stored


def _shelf(taste: NDArray[np.int8], fixed: NDArray[np.float64]) -> NDArray[np.int8]:
    stored = np.clip(np.round(fixed * FIXED_SCALE), -32768, 32767).astype(np.int64)
    shelf = np.zeros((len(taste), taste.shape[1] + LANES), np.int8)
    shelf[:, : taste.shape[1]] = taste
    for k in range(3):
        shelf[:, taste.shape[1] + 2 * k] = stored[:, k] >> 8
        shelf[:, taste.shape[1] + 2 * k + 1] = (stored[:, k] & 0xFF).astype(np.uint8).view(np.int8)
    return shelf


def _alias_tables(weight: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Alias tables (Walker 1977, built as Vose 1991) of each segment start[k] .. start[k + 1] of the weights."""
    cut = np.full(len(weight), 0xFFFFFFFF, np.uint64)
    alias = np.arange(len(weight), dtype=np.uint64)
    for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        _vose((weight[low:high] * ((high - low) / weight[low:high].sum())).tolist(), low, cut, alias)
    return (cut << np.uint64(32)) | alias


def _vose(share: list[float], low: int, cut: NDArray[np.uint64], alias: NDArray[np.uint64]) -> None:
    small = [i for i, s in enumerate(share) if s < 1.0]
    large = [i for i, s in enumerate(share) if s >= 1.0]
    while small and large:
        i, j = small.pop(), large[-1]
        cut[low + i] = int(share[i] * 4294967295.0)
        alias[low + i] = low + j
        share[j] -= 1.0 - share[i]
        if share[j] < 1.0:
            small.append(large.pop())


def _tenants(scenario: Scenario) -> NDArray[np.int64]:
    """First category of each tenant: categories are dealt by weight, at least one each, products follow them."""
    weights = np.array(list(scenario.users.tenants.values()))
    categories = scenario.products.categories
    if len(weights) > categories:
        raise BadInput(
            f"users.tenants names {len(weights)} tenants but products.categories is {categories}; "
            "each tenant needs a category of its own, so raise products.categories."
        )
    if len(weights) > 127:
        raise BadInput(f"users.tenants names {len(weights)} tenants; at most 127 are possible, so name fewer.")
    spare = categories - len(weights)
    ends = np.arange(1, len(weights) + 1) + np.round(np.cumsum(weights) / weights.sum() * spare)
    return np.concatenate([[0], ends]).astype(np.int64)


def _reviews_before(scenario: Scenario, weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Reviews of the products with a smaller id, written before the first day: lognormal counts that follow popularity.

    The log of a count is correlated 0.8 with the log popularity of its product.
    """
    products = scenario.products
    if products.reviews_median == 0:
        return np.zeros(len(weight) + 1, np.int64)
    ids = np.arange(len(weight), dtype=np.uint64)
    own = quantiles.draw_all(quantiles.normal(), words(scenario.seed, "product/reviews", ids)[:, 0]).astype(np.float64)
    popular = weight / products.popularity_sigma if products.popularity_sigma else np.zeros(len(weight))
    count = np.floor(products.reviews_median * np.exp(products.reviews_sigma * (0.8 * popular + 0.6 * own)) + 0.5)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)

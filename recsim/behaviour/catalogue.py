"""The catalogue as arrays: what every worker holds to let a user choose among products.

Products stand in *slots* sorted by category and, inside it, by niche (a handful of near-substitutes), so that one
session's look-ups stay inside a few kilobytes. Tastes are int8: a dot product of two of them is exact integer
arithmetic, the same on every machine and cheap to vectorise. What changes from day to day is put in by `season`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsim.behaviour import aliases, quantiles
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

ABSENT = -32768
"""The stored log weight of a product that is not in the catalogue today."""

APPEAL, PRICE, WEIGHT, OUTAGE = range(4)
"""Positions of the 16-bit numbers behind a slot's taste; two 32-bit numbers follow: alias cell and product."""

CELL, PRODUCT = -2, -1
"""Positions of the two 32-bit numbers at the end of a slot's row."""

COMPLEMENTS = 3


class Catalogue(NamedTuple):
    """N products in slots, K niches, C leaf categories, T tenants, on one day.

    `shelf` int8 (N, D + 16): a slot's taste, then 16-bit multiples of 1 / `FIXED_SCALE` (0.3·quality, -log(price /
    category median), centred log weight; `ABSENT` where it is not sold today), the outage of the day (from and to, in
    tenths of an hour, one byte each), and as 32 bits each the cell of the niche's alias table (`aliases.cells`) and the
    product; so a candidate is drawn and judged in half a cache line. `short` int16 and `long` int32 are views of the
    same memory. `listing` uint64 (K, 2): the alias tables over the niches of each category, and a niche's size (high
    word) and first slot. `category_alias` (C,) over the categories of each tenant; the three `usual_` tables are those
    of no day in particular. `niche` int64 (K + 1,) first slot of each niche, `niche_at` int32 (N,) the niche of each
    slot; `start` int64 (C + 1,) first niche of each category; `complement` int64 (K, 3) niches that go with a niche;
    `mean` int8 (C, D) taste of a category; `tenant_start` int64 (T + 1,) first category of each tenant;
    `reviews_before` int64 (N + 1,) reviews of products with a smaller id, by product id; `quality` float32 (N,); `slot`
    int64 (N,) the slot of each product; `scale` turns an integer dot product into user · product.
    """

    shelf: NDArray[np.int8]
    short: NDArray[np.int16]
    long: NDArray[np.int32]
    listing: NDArray[np.uint64]
    category_alias: NDArray[np.uint64]
    usual_alias: NDArray[np.uint64]
    usual_niche_alias: NDArray[np.uint64]
    usual_category_alias: NDArray[np.uint64]
    niche: NDArray[np.int64]
    niche_at: NDArray[np.int32]
    start: NDArray[np.int64]
    complement: NDArray[np.int64]
    mean: NDArray[np.int8]
    tenant_start: NDArray[np.int64]
    reviews_before: NDArray[np.int64]
    quality: NDArray[np.float32]
    slot: NDArray[np.int64]
    scale: np.float32


def products_of(catalogue: Catalogue, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """The products in some slots."""
    return catalogue.long[slots, PRODUCT].astype(np.int64)


def listing(niche_alias: NDArray[np.uint64], niche: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The alias tables over niches, and beside each cell the niche's size and first slot: shape (K, 2)."""
    place = (np.diff(niche).astype(np.uint64) << np.uint64(32)) | niche[:-1].astype(np.uint64)
    return np.stack([niche_alias, place], axis=1)


class Traits(NamedTuple):
    """What the tables say of products beyond `Catalogue`, by product id (N,); `demand` (C,) by category.

    `weight` and `log_price` (relative to the category's median) are logarithms; a product is sold from day `born`
    until the day before `dies`, counted from the world's first.
    """

    category: NDArray[np.int64]
    price_usd: NDArray[np.float64]
    log_price: NDArray[np.float64]
    weight: NDArray[np.float64]
    quality: NDArray[np.float64]
    words: NDArray[np.uint32]
    born: NDArray[np.int32]
    dies: NDArray[np.int32]
    demand: NDArray[np.float64]


def product_scale(dimensions: int) -> float:
    """A product's stored taste is the real one times this: components have variance 1 / dimensions."""
    return 127.0 * math.sqrt(dimensions) / REACH


def padded(dimensions: int) -> int:
    return -(-dimensions // LANES) * LANES


def build(scenario: Scenario) -> tuple[Catalogue, Traits]:
    """The catalogue of a scenario; a pure function of its seed and its users, products and calendar sections."""
    products, seed = scenario.products, scenario.seed
    ids = np.arange(products.count, dtype=np.uint64)
    demand, size, median_price = _categories(scenario)
    category = _place(uniforms(seed, "product/category", ids)[:, 0], size)
    order, niche, start = _niches(scenario, category)
    niche_of = np.empty(len(order), np.int64)
    niche_of[order] = np.repeat(np.arange(len(niche) - 1), np.diff(niche))
    traits = _traits(scenario, category, niche_of, demand, median_price, anchors=order[niche[:-1]])
    if products.demand_by_popularity:
        weighed = np.bincount(category, np.exp(traits.weight), minlength=len(size))
        demand = np.round(demand * (weighed / size) ** products.demand_by_popularity, 9)
        traits = traits._replace(demand=demand)
    taste, mean = _tastes(scenario, category, niche_of)
    tenant_start = _tenants(scenario)
    shelf = _shelf(taste[order], order, traits)
    weight = np.exp(traits.weight[order])
    sums = np.add.reduceat(weight, niche[:-1])
    usual = aliases.tables(weight, niche), aliases.tables(sums, start), aliases.tables(demand, tenant_start)
    shelf.view(np.int32)[:, CELL] = aliases.cells(usual[0], niche).view(np.int32)
    slot = np.empty(len(order), np.int64)
    slot[order] = np.arange(len(order))
    catalogue = Catalogue(
        shelf=shelf,
        short=shelf.view(np.int16),
        long=shelf.view(np.int32),
        listing=listing(usual[1], niche),
        category_alias=usual[2],
        usual_alias=usual[0],
        usual_niche_alias=usual[1],
        usual_category_alias=usual[2],
        niche=niche,
        niche_at=niche_of[order].astype(np.int32),
        start=start,
        complement=_complements(scenario, start, sums, tenant_start, demand),
        mean=mean,
        tenant_start=tenant_start,
        reviews_before=_reviews_before(scenario, traits.weight, traits.born),
        quality=traits.quality[order].astype(np.float32),
        slot=slot,
        scale=np.float32(1.0 / (USER_SCALE * product_scale(scenario.users.taste_dimensions))),
    )
    return catalogue, traits


def _even(seed: int, stream: str, count: int) -> NDArray[np.float64]:
    """Standard normals in random order whose distribution is exact at any size: the quantiles (k + 1/2) / count."""
    rank = np.empty(count, np.int64)
    rank[np.argsort(words(seed, stream, np.arange(count, dtype=np.uint64))[:, 0], kind="stable")] = np.arange(count)
    return np.asarray(ndtri((rank + 0.5) / count))


def _categories(scenario: Scenario) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Per leaf category: demand weight, size weight (both lognormal, correlated) and median price in dollars."""
    products, seed = scenario.products, scenario.seed
    size = np.exp(0.8 * _even(seed, "category/size", products.categories))
    demand = size * np.exp(products.demand_sigma * _even(seed, "category/demand", products.categories))
    return demand, size, products.median_price_usd * np.exp(0.8 * _even(seed, "category/price", products.categories))


def _place(u: NDArray[np.float32], size: NDArray[np.float64]) -> NDArray[np.int64]:
    """The category of each product: one product in each, the others by size."""
    category = np.searchsorted(np.cumsum(size) / size.sum(), u, side="right").clip(0, len(size) - 1)
    category[: len(size)] = np.arange(len(size))
    return category.astype(np.int64)


def _niches(
    scenario: Scenario, category: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The product of each slot, the first slot of each niche and the first niche of each category.

    The niches of a category are of one size, 0.6 to 1.4 times `niche_size`; which products share one is random.
    """
    products, seed = scenario.products, scenario.seed
    leaves = np.arange(products.categories, dtype=np.uint64)
    wanted = np.maximum(products.niche_size * (0.6 + 0.8 * uniforms(seed, "category/niches", leaves)[:, 0]), 1.0)
    members = np.bincount(category, minlength=products.categories)
    count = np.maximum(np.round(members / wanted), 1).astype(np.int64)
    shuffled = words(seed, "product/niche", np.arange(products.count, dtype=np.uint64))[:, 0]
    order = np.lexsort((shuffled, category)).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(members)[:-1]])
    leaf = np.repeat(np.arange(products.categories), count)
    rank = np.arange(start[-1]) - start[leaf]
    niche = first[leaf] + -(-rank * members[leaf] // count[leaf])
    return order, np.append(niche, products.count).astype(np.int64), start


def _traits(
    scenario: Scenario,
    category: NDArray[np.int64],
    niche_of: NDArray[np.int64],
    demand: NDArray[np.float64],
    median_price: NDArray[np.float64],
    *,
    anchors: NDArray[np.int64],
) -> Traits:
    """Prices, weights and lives of the products. The `anchors` (one a niche) are sold all the time."""
    products, seed = scenario.products, scenario.seed
    ids = np.arange(products.count, dtype=np.uint64)
    niches = np.arange(niche_of.max() + 1, dtype=np.uint64)
    z = normals(seed, "product/traits", ids, 4).astype(np.float64)
    level = normals(seed, "niche/price", niches, 1)[niche_of, 0].astype(np.float64)
    log_price = products.price_sigma * (math.sqrt(0.6) * level + math.sqrt(0.4) * z[:, 2])
    price = np.maximum(np.round(median_price[category] * np.exp(log_price)) - 0.01, 0.99)
    popular = _even(seed, "product/popularity", products.count)
    end = products.popularity_tail_end
    beyond = np.maximum(np.minimum(popular, end) - 1.2, 0.0)
    beyond += products.popularity_head * np.maximum(popular - end, 0.0)
    quality = 0.31 * popular + math.sqrt(1 - 0.31**2) * z[:, 0]
    days = scenario.calendar.days
    u = uniforms(seed, "product/life", ids).astype(np.float64)
    born = np.where(
        u[:, 0] < products.new_per_day_share * days, np.floor(u[:, 1] * days), -(1 + np.floor(u[:, 1] * 730))
    )
    dies = np.where(u[:, 2] < products.retired_per_day_share * days, np.floor(u[:, 3] * days), 1 << 20)
    dies = np.where(dies > born, dies, 1 << 20)
    born[anchors] = np.minimum(born[anchors], -1)
    dies[anchors] = 1 << 20
    return Traits(
        category=category,
        price_usd=price,
        log_price=log_price,
        weight=products.popularity_sigma * (popular + products.popularity_tail * beyond),
        quality=quality,
        words=words(seed, "product/words", ids),
        born=born.astype(np.int32),
        dies=dies.astype(np.int32),
        demand=demand,
    )


def _tastes(
    scenario: Scenario, category: NDArray[np.int64], niche_of: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """θ = √ρ μ_category + √ρ' ν_niche + √(1-ρ-ρ') ε with μ, ν, ε ~ N(0, I / d), stored as int8.

    Products (N, D) and categories (C, D).
    """
    dimensions, products = scenario.users.taste_dimensions, scenario.products
    ids = np.arange(len(category), dtype=np.uint64)
    leaves = np.arange(products.categories, dtype=np.uint64)
    mean = normals(scenario.seed, "category/taste", leaves, dimensions)
    shared = normals(scenario.seed, "niche/taste", np.arange(niche_of.max() + 1, dtype=np.uint64), dimensions)
    own = normals(scenario.seed, "product/taste", ids, dimensions)
    own *= np.float32(math.sqrt(max(1.0 - products.taste_share - products.niche_taste_share, 0.0)))
    own += np.float32(math.sqrt(products.taste_share)) * mean[category]
    own += np.float32(math.sqrt(products.niche_taste_share)) * shared[niche_of]
    return _stored(own), _stored(mean)


def _stored(unit: NDArray[np.float32]) -> NDArray[np.int8]:
    """Standard normal components (variance 1) as int8, padded with zeros."""
    stored = np.zeros((len(unit), padded(unit.shape[1])), np.int8)
    stored[:, : unit.shape[1]] = np.clip(np.round(unit * np.float32(127.0 / REACH)), -127, 127)
    return stored


def _shelf(taste: NDArray[np.int8], product: NDArray[np.int64], traits: Traits) -> NDArray[np.int8]:
    shelf = np.zeros((len(taste), taste.shape[1] + LANES), np.int8)
    shelf[:, : taste.shape[1]] = taste
    short, long = shelf.view(np.int16), shelf.view(np.int32)
    behind = taste.shape[1] // 2
    short[:, behind + APPEAL] = fixed(QUALITY_WEIGHT * traits.quality[product])
    short[:, behind + PRICE] = fixed(-traits.log_price[product])
    short[:, behind + WEIGHT] = fixed(traits.weight[product])
    long[:, PRODUCT] = product
    return shelf


def fixed(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Numbers as 16-bit multiples of 1 / `FIXED_SCALE`."""
    return np.clip(np.round(values * FIXED_SCALE), -32767, 32767).astype(np.int16)


def _complements(
    scenario: Scenario,
    start: NDArray[np.int64],
    weight: NDArray[np.float64],
    tenant_start: NDArray[np.int64],
    demand: NDArray[np.float64],
) -> NDArray[np.int64]:
    """One to three niches that go with a niche, of other categories of its tenant, drawn by demand and weight.

    Where there is one only it fills all three places.
    """
    niches = np.arange(len(weight), dtype=np.uint64)
    own = np.searchsorted(start, niches, side="right") - 1
    tenant = np.searchsorted(tenant_start, own, side="right") - 1
    u = uniforms(scenario.seed, "niche/complement", niches).astype(np.float64)
    more = uniforms(scenario.seed, "niche/complement", niches, 1).astype(np.float64)
    upto, inside = np.concatenate([[0.0], np.cumsum(demand)]), np.concatenate([[0.0], np.cumsum(weight)])
    found = np.empty((len(weight), COMPLEMENTS), np.int64)
    for k in range(COMPLEMENTS):
        category = _by_weight(upto, tenant_start[tenant], tenant_start[tenant + 1], u[:, k])
        beside = np.where(category + 1 < tenant_start[tenant + 1], category + 1, tenant_start[tenant])
        category = np.where(category == own, beside, category)
        found[:, k] = _by_weight(inside, start[category], start[category + 1], more[:, k])
    count = 1 + (u[:, 3] * COMPLEMENTS).astype(np.int64)
    return np.where(np.arange(COMPLEMENTS) < count[:, None], found, found[:, :1])


def _by_weight(
    upto: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """One position of low .. high by weight, whose running sums are `upto`."""
    aim = upto[low] + u * (upto[high] - upto[low])
    return (np.searchsorted(upto, aim, side="right") - 1).clip(low, high - 1)


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


def _reviews_before(scenario: Scenario, weight: NDArray[np.float64], born: NDArray[np.int32]) -> NDArray[np.int64]:
    """Reviews of the products with a smaller id, written before the first day: lognormal counts that follow popularity.

    The log of a count is correlated 0.8 with the log popularity of its product. A product to come has none.
    """
    products = scenario.products
    if products.reviews_median == 0:
        return np.zeros(len(weight) + 1, np.int64)
    ids = np.arange(len(weight), dtype=np.uint64)
    own = quantiles.draw_all(quantiles.normal(), words(scenario.seed, "product/reviews", ids)[:, 0]).astype(np.float64)
    popular = weight / products.popularity_sigma if products.popularity_sigma else np.zeros(len(weight))
    count = np.floor(products.reviews_median * np.exp(products.reviews_sigma * (0.8 * popular + 0.6 * own)) + 0.5)
    count[born >= 0] = 0
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)

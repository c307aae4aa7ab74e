"""What a day changes in the catalogue: popularity, prices, stock, arrivals and departures.

Each is a pure function of (seed, product, day), so any day can be made without the days before it, by any worker:

- drift: the log weight moves by a sum of independent normals that are redrawn every 1, 2, 4, 8 and 16 days;
- novelty: a product starts `novelty` above its level and comes down as e^(-age / `novelty_days`);
- season: a category's log demand is a yearly wave whose phase is the category's own;
- promotions: in each window of seven days (the windows of products are shifted against each other) a product has a
  promotion with a fixed chance: one to five days at a tenth, a fifth or a third less;
- outages: in each window of eight days a product may be sold out once, for a lognormal time of median 12 hours.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import aliases, quantiles
from recsim.behaviour.catalogue import (
    ABSENT,
    CELL,
    FIXED_SCALE,
    LANES,
    OUTAGE,
    PRICE,
    PRODUCT,
    WEIGHT,
    Catalogue,
    Traits,
    listing,
)
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.memory import together
from recsim.behaviour.quantiles import Table, at, exponential
from recsim.rng import draw, stream_id, uniforms
from recsim.scenario import Scenario

_DRIFT = stream_id("product/drift")
_PROMOTION = stream_id("product/promotion")
_OUTAGE = stream_id("product/outage")
_SCALES = 5
PROMOTION_DAYS = 7
OUTAGE_DAYS = 8
OUTAGE_UNIT_MS = 360_000
"""Outages begin and end on tenths of an hour, so that a day has fewer than 256."""

_UNITS = 240
_MEAN_PROMOTION_DAYS = 3
_OUTAGE_MEDIAN_UNITS, _OUTAGE_SIGMA = 120.0, 1.0
_HALF = np.uint32(16)
_UNIT32 = np.float32(1.0 / 4294967296.0)
DISCOUNTS = (0.10, 0.20, 0.33)


class Season(NamedTuple):
    """Numbers the kernel needs; tables are `quantiles.Table`. `novelty` (720,) is by age in days."""

    seed: np.uint32
    drift_sigma: np.float32
    normal: Table
    outage_units: Table
    novelty: NDArray[np.float32]
    promoted_share: np.float32
    sold_out_share: np.float32
    promotion: np.float32
    cheaper: NDArray[np.float32]


def season(scenario: Scenario) -> Season:
    """The numbers of a scenario."""
    products = scenario.products
    units = quantiles.lognormal(_OUTAGE_MEDIAN_UNITS, _OUTAGE_SIGMA, 1.0, (OUTAGE_DAYS - 1) * _UNITS)
    mean_units = float(units[1].mean())
    return Season(
        seed=np.uint32(scenario.seed),
        drift_sigma=np.float32(products.drift_sigma),
        normal=quantiles.normal(),
        outage_units=units,
        novelty=(products.novelty * np.exp(-np.arange(720) / products.novelty_days)).astype(np.float32),
        promoted_share=np.float32(min(products.promoted_share * PROMOTION_DAYS / _MEAN_PROMOTION_DAYS, 1.0)),
        sold_out_share=np.float32(min(products.sold_out_share * OUTAGE_DAYS * _UNITS / mean_units, 1.0)),
        promotion=np.float32(products.promotion),
        cheaper=np.array([-math.log(1 - share) for share in DISCOUNTS], np.float32),
    )


def on(scenario: Scenario, usual: Catalogue, traits: Traits, day: int) -> Catalogue:
    """The catalogue of a day, counted from the world's first."""
    shelf = usual.shelf.copy()
    product = usual.long[:, PRODUCT]
    weight = np.empty(len(shelf))
    base = traits.weight[product]
    short = shelf.view(np.int16)
    _change(season(scenario), day, product, base, traits.born[product], traits.dies[product], short, weight)
    sums = np.add.reduceat(weight, usual.niche[:-1])
    shelf.view(np.int32)[:, CELL] = aliases.cells(aliases.tables(weight, usual.niche), usual.niche).view(np.int32)
    today = usual._replace(
        shelf=shelf,
        short=short,
        long=shelf.view(np.int32),
        listing=listing(aliases.tables(sums, usual.start), usual.niche),
        category_alias=aliases.tables(_demand(scenario, traits.demand, day), usual.tenant_start),
    )
    return together(today)


def _demand(scenario: Scenario, demand: NDArray[np.float64], day: int) -> NDArray[np.float64]:
    phase = uniforms(scenario.seed, "category/season", np.arange(len(demand), dtype=np.uint64))[:, 0].astype(float)
    turn = (scenario.calendar.first_day.timetuple().tm_yday + day) / 365.25
    wave = np.round(scenario.products.season_amplitude * np.sin(2 * np.pi * (turn + phase)), 6)
    return demand * np.exp(wave)


@kernel
def _change(season, day, product, base, born, dies, short, weight):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill in weight, price, appeal and outage of every slot, and the weights (N,) its niche is drawn by."""
    behind = short.shape[1] - LANES // 2
    for i in range(product.shape[0]):
        if day < born[i] or day >= dies[i]:
            short[i, behind + WEIGHT] = ABSENT
            weight[i] = 0.0
            continue
        change = season.drift_sigma * _drift(season, np.int64(product[i]), day)
        change += season.novelty[min(day - born[i], season.novelty.shape[0] - 1)]
        discount = promotion_of(season, np.int64(product[i]), day)
        if discount >= 0:
            change += season.promotion
            short[i, behind + PRICE] += np.int16(season.cheaper[discount] * np.float32(FIXED_SCALE))
        first, last = outage_of(season, np.int64(product[i]), day)
        short[i, behind + OUTAGE] = np.int16(np.int32(first) | (np.int32(last) << 8))
        log = np.float32(base[i]) + change
        short[i, behind + WEIGHT] = np.int16(min(max(log, np.float32(-31.0)), np.float32(31.0)) * FIXED_SCALE)
        weight[i] = np.float64(exponential(log))


@inlined
def _drift(season, product, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    total = np.float32(0.0)
    for scale in range(_SCALES):
        word, _, _, _ = draw((season.seed, _DRIFT), product, (scale << 32) | ((day + 4096) >> scale))
        total += at(season.normal, word)
    return total


@inlined
def promotion_of(season, product, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Which of `DISCOUNTS` a product has on a day, or -1."""
    shift, _, _, _ = draw((season.seed, _PROMOTION), product, 0)
    moved = day + 4096 + np.int64(shift % np.uint32(PROMOTION_DAYS))
    chance, when, what, _ = draw((season.seed, _PROMOTION), product, 1 + moved // PROMOTION_DAYS)
    if np.float32(chance) * _UNIT32 >= season.promoted_share:
        return np.int64(-1)
    length = np.int64(1) + np.int64(what >> _HALF) % np.int64(5)
    begin = np.int64(when) % (np.int64(PROMOTION_DAYS + 1) - length)
    inside = moved % PROMOTION_DAYS - begin
    return np.int64(what) % np.int64(3) if 0 <= inside < length else np.int64(-1)


@inlined
def outage_of(season, product, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """From and until when a product is sold out on a day, in tenths of an hour; (0, 0) where it is not."""
    shift, _, _, _ = draw((season.seed, _OUTAGE), product, 0)
    moved = day + 4096 + np.int64(shift % np.uint32(OUTAGE_DAYS))
    chance, when, long, _ = draw((season.seed, _OUTAGE), product, 1 + moved // OUTAGE_DAYS)
    if np.float32(chance) * _UNIT32 >= season.sold_out_share:
        return np.int64(0), np.int64(0)
    length = np.int64(at(season.outage_units, long))
    room = np.int64(OUTAGE_DAYS * _UNITS) - length
    begin = np.int64((np.uint64(when) * np.uint64(room)) >> np.uint64(32))
    low = begin - (moved % OUTAGE_DAYS) * _UNITS
    return min(max(low, 0), _UNITS), min(max(low + length, 0), _UNITS)

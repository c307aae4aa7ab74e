"""What a statistic is: something that sees a log a piece at a time and ends in a few named figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.fidelity.log import Piece
from recsim.fidelity.sketch import Sketch

Form = Literal["counts", "values", "rates", "shares"]
"""Quantiles of whole numbers; quantiles of other numbers; rates that stand alone; shares that sum to one."""

Level = Literal["marginal", "joint"]


@dataclass(frozen=True)
class Limits:
    """Which counts are in a distribution: those of a filtered log leave out the small."""

    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class About:
    """What a statistic is: its name, the form of its figures, the rung it belongs to, and their unit."""

    name: str
    form: Form
    level: Level
    unit: str


@dataclass(frozen=True)
class Measured:
    """The figures of one statistic. `values` is empty where the world can't tell, and `reason` says why.

    `count` is what they are taken over. `limits` are those applied. `extra` are figures that are shown and used by
    calibration, but not held against another world.
    """

    about: About
    values: dict[str, float] = field(default_factory=dict)
    count: int = 0
    reason: str = ""
    limits: Limits = field(default_factory=Limits)
    extra: dict[str, float] = field(default_factory=dict)
    histogram: NDArray[np.int64] | None = None
    """How often each small whole number occurs, of a distribution of counts."""
    floor: int = 1
    """The least count that occurs, of a distribution of counts: what a filtered log was cut to."""


@dataclass(frozen=True)
class Context:
    """What a statistic may know of the world it measures."""

    world: Dataset
    users_are_sessions: bool
    timed: bool
    price_usd: np.ndarray | None
    """float64[products], NaN where unknown; None where no product has a price."""
    category: np.ndarray | None
    """int64[products], the leaf category, -1 where unknown; None where no product has one."""
    zone_minutes: np.ndarray | None
    """int16[users]: clocks; None where all are UTC."""


class Statistic(Protocol):
    """One statistic of a world; made for a context, fed every piece, asked once at the end."""

    about: About

    def __init__(self, context: Context) -> None: ...

    def add(self, piece: Piece) -> None:
        """Take a piece of the log in."""
        ...

    def finish(self, limits: Limits) -> Measured:
        """The figures; called once after the last piece."""
        ...


def told(about: About, values: dict[str, float], count: int, **more: Any) -> Measured:  # noqa: ANN401 - passed on
    """Figures of a statistic; `more` are further fields of `Measured`."""
    return Measured(about, values, int(count), **more)


def untold(about: About, reason: str) -> Measured:
    """No figures of a statistic, and why."""
    return Measured(about, reason=reason)


def distribution(about: About, sketch: Sketch, limits: Limits, reason: str) -> Measured:
    """The quantiles of a sketch within the limits; `reason` is told where nothing is in it."""
    part = sketch.between(limits.least, limits.most) if about.form == "counts" else sketch
    if not part.count:
        return untold(about, reason)
    histogram = part.small if about.form == "counts" else None
    return told(about, part.summary(), part.count, limits=limits, floor=part.floor, histogram=histogram)


def context_of(world: Dataset, *, users_are_sessions: bool, timed: bool) -> Context:
    """The context of a world: its catalogue's prices and categories, its users' clocks."""
    products = world.frame("products", columns=["product_id", "price_usd", "category"]).sort("product_id")
    price = products["price_usd"].to_numpy().astype(np.float64)
    leaf = products["category"].list.last()
    category = leaf.cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    zones = world.frame("users", columns=["user_id", "timezone_minutes"]).sort("user_id")["timezone_minutes"].to_numpy()
    return Context(
        world=world,
        users_are_sessions=users_are_sessions,
        timed=timed,
        price_usd=None if np.isnan(price).all() else price,
        category=None if (category < 0).all() else category,
        zone_minutes=zones if zones.any() else None,
    )

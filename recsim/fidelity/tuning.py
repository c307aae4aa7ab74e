"""Model values found by making worlds: all knobs at once, by least squares of what a world lacks of a log.

Gauss-Newton steps with Levenberg's damping; the sensitivities are taken once by making one world a knob, and kept up to
date by Broyden's rank-one updates. Every knob is drawn to where it began as by a prior, so one that the log says
nothing about stays there. Ranking agreement and detectability are not looked at: they judge the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.fidelity.calibrate import Found, Model
from recsim.fidelity.compare import JOINT_TOLERANCE, TOLERANCE, compared
from recsim.scenario.world import Behaviour, Products, Users

Simulate = Callable[[Model], Found]
Vector = NDArray[np.float64]

STEPS, PATIENCE, LEAST_GAIN = 12, 3, 0.03
"""Most steps, and how many may bring less than so much of the loss before it ends."""
STEP, PRIOR, FIRST_DAMPING, CLIP = 0.3, 0.25, 0.3, 6.0
"""Units a knob is moved by for its sensitivity; weight of staying where it began; and the largest residual counted."""
COUNTS = {"users": "views_per_session", "products": "events_per_product"}
"""Statistics whose number of sessions, and of products, a world should have, too."""


@dataclass(frozen=True)
class Knob:
    """A model value that acts through the choice model. `unit`: a plausible change, of the logarithm if `ratio`."""

    section: str
    key: str
    unit: float
    low: float
    high: float
    ratio: bool = False
    whole: bool = False
    needs: tuple[str, ...] = ()
    """Statistics of the log, one of which must be known."""

    def moved(self, start: float, by: float) -> float:
        """The value `by` units from the start, within its bounds."""
        value = start * math.exp(by * self.unit) if self.ratio else start + by * self.unit
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else float(f"{value:.4g}")


DEFAULTS = {"users": Users(count=1), "products": Products(), "behaviour": Behaviour()}
KNOBS = (
    Knob("users", "count", 0.3, 1, 4e9, ratio=True, whole=True),
    Knob("products", "count", 0.3, 10, 1e8, ratio=True, whole=True),
    Knob("products", "popularity_sigma", 0.5, 0.0, 4.0),
    Knob("products", "popularity_tail", 0.2, 0.0, 3.0),
    Knob("users", "conformity", 0.8, 0.0, 2.0, ratio=True),
    Knob("products", "demand_by_popularity", 0.4, 0.0, 1.0),
    Knob("products", "demand_sigma", 0.4, 0.0, 3.0),
    Knob("products", "categories", 0.8, 2, 20_000, ratio=True, whole=True),
    Knob("products", "niche_size", 0.6, 1, 500, ratio=True, whole=True),
    Knob("behaviour", "session_length_median", 0.2, 1.0, 200.0, ratio=True),
    Knob("behaviour", "session_length_sigma", 0.2, 0.0, 3.0),
    Knob("behaviour", "review_view_share", 0.1, 0.0, 0.6),
    Knob("behaviour", "page_share", 0.15, 0.0, 0.8),
    Knob("behaviour", "similar_share", 0.1, 0.0, 0.5),
    Knob("behaviour", "stay_in_category_share", 0.15, 0.0, 0.999),
    Knob("behaviour", "taste_weight", 0.4, 0.05, 20.0, ratio=True),
    Knob("behaviour", "consideration", 0.6, 2, 64, ratio=True, whole=True),
    Knob("users", "sessions_per_day", 0.3, 1e-5, 50.0, ratio=True, needs=("sessions_per_user", "events_per_user")),
    Knob("users", "activity_sigma", 0.3, 0.0, 3.0, needs=("sessions_per_user", "events_per_user")),
    Knob("behaviour", "habit_share", 0.15, 0.0, 1.0, needs=("repeat_visits",)),
    Knob("behaviour", "carts_together_share", 0.3, 0.0, 1.0, needs=("session_funnel",)),
    Knob("behaviour", "purchases_together_share", 0.3, 0.0, 1.0, needs=("session_funnel",)),
)


def fitting(found: Found) -> tuple[Knob, ...]:
    """The knobs that a log says something about."""
    return tuple(knob for knob in KNOBS if not knob.needs or any(found[name].values for name in knob.needs))


def residuals(wanted: Found, shown: Found, *, scale: float) -> dict[str, float]:
    """What each figure of a log is off in a world, in tolerances; `scale`: the world's size as a share of the log's."""
    lacking = {}
    for name, real in wanted.items():
        made = shown.get(name)
        if made is None or not real.values or real.about.form == "shares":
            continue
        tolerance = TOLERANCE if real.about.level == "marginal" else JOINT_TOLERANCE
        figures = compared(real)
        for key, value in figures.items():
            other = made.values.get(key, 0.0)
            off = math.log(max(other, 1e-4) / max(value, 1e-4)) / tolerance
            lacking[f"{name}.{key}"] = min(max(off, -CLIP), CLIP)
    for part, name in COUNTS.items():
        if name in shown and name in wanted and wanted[name].count:
            off = math.log(max(shown[name].count, 1) / (wanted[name].count * scale)) / TOLERANCE
            lacking[part] = min(max(off, -CLIP), CLIP)
    return lacking


DRAWN = (
    "activity_diversity", "bounce", "category_stay", "clustering", "events_per_product", "events_per_user", "funnel",
    "gap_s", "items_per_order", "orders_per_buyer", "popularity", "popularity_steps", "re_view", "repeat_visits",
    "session_funnel", "session_popularity", "sessions_per_user", "slopes", "spectrum", "user_funnel",
    "views_per_session",
)  # fmt: skip
"""Statistics of the events alone, which a world that is only drawn can show."""
OF_FULL_SIZE = frozenset({"spectrum", "clustering"})
"""Those of the 1,000 most viewed products: other ones of a smaller catalogue."""


def answering(wanted: Found, scale: float) -> tuple[str, ...]:
    """The statistics of a log that worlds of this scale are measured for."""
    return tuple(name for name in DRAWN if wanted[name].values and (scale == 1.0 or name not in OF_FULL_SIZE))


def tuned(model: Model, wanted: Found, simulate: Simulate, *, scale: float = 1.0, steps: int = STEPS) -> Model:
    """The model with the knobs set so that its worlds show the statistics of `wanted`, as near as they can come.

    `simulate` measures the world of a model, at `scale` times the size it says.
    """
    knobs = fitting(wanted)
    start = [float(model.get(k.section, {}).get(k.key, getattr(DEFAULTS[k.section], k.key))) for k in knobs]
    names: list[str] = []

    def lacking(at: Vector) -> Vector:
        found = residuals(wanted, simulate(_with(model, knobs, start, at)), scale=scale)
        if not names:
            names.extend(found)
        return np.array([found.get(name, CLIP) for name in names])

    best = _descend(lacking, len(knobs), steps)
    return _with(model, knobs, start, best)


def _descend(lacking: Callable[[Vector], Vector], size: int, steps: int) -> Vector:
    """The point of least squares that so many steps find, from 0; fewer where `PATIENCE` of them bring nothing."""
    at = np.zeros(size)
    off = lacking(at)
    slope = np.column_stack([(lacking(STEP * axis) - off) / STEP for axis in np.eye(size)])
    damping, idle = FIRST_DAMPING, 0
    for _ in range(steps):
        normal = slope.T @ slope + np.eye(size) * (PRIOR**2 + damping)
        move = -np.linalg.solve(normal, slope.T @ off + PRIOR**2 * at)
        there = lacking(at + move)
        slope += np.outer(there - off - slope @ move, move) / max(float(move @ move), 1e-9)
        gain = 1.0 - _loss(there, at + move) / max(_loss(off, at), 1e-9)
        idle = 0 if gain > LEAST_GAIN else idle + 1
        if gain > 0:
            at, off = at + move, there
            damping /= 3
        else:
            damping = max(damping, 0.03) * 4
        if idle == PATIENCE:
            break
    return at


def _loss(off: Vector, at: Vector) -> float:
    return float(off @ off + PRIOR**2 * (at @ at))


def _with(model: Model, knobs: Sequence[Knob], start: Sequence[float], at: Vector) -> Model:
    """The model with every knob so many units from its start, shares of a step's kind kept below one together."""
    changed = {section: dict(keys) for section, keys in model.items()}
    for knob, value, by in zip(knobs, start, at, strict=True):
        changed.setdefault(knob.section, {})[knob.key] = knob.moved(value, float(by))
    products, behaviour = changed.setdefault("products", {}), changed.setdefault("behaviour", {})
    if "categories" in products:
        products["categories"] = min(products["categories"], max(2, products["count"] // 2))
    _shares_below_one(behaviour)
    return changed


def _shares_below_one(behaviour: dict[str, Any]) -> None:
    ways = {name: float(behaviour.get(name, getattr(DEFAULTS["behaviour"], name))) for name in WAYS}
    fixed = 5 * float(behaviour.get("complement_share", Behaviour().complement_share))
    excess = sum(ways.values()) / (1.0 - fixed)
    if excess > 1.0:
        behaviour |= {name: math.floor(1e4 * value / excess) / 1e4 for name, value in ways.items()}


WAYS = ("review_view_share", "page_share", "similar_share")
"""Where the next view comes from; what is left of one opens a new listing."""

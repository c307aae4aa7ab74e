"""Holding the figures of one world against those of another, or against a profile's targets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from recsim.dataset import Dataset
from recsim.fidelity.base import Form, Limits, Measured
from recsim.fidelity.calibrate import days_of
from recsim.scenario.profile import Target

TOLERANCE = 0.15
"""Largest error of a marginal figure: 15 %, as a log ratio."""
JOINT_TOLERANCE = 0.25
"""Of a joint figure. Assumed: nobody has published how close is close enough."""
MOST = 9.99
"""An error is told as this where one side is 0 and the other is not."""
HALF_UNIT = 0.5
COMPARED = ("p25", "p50", "p75", "p90", "p95", "mean")
"""Figures of a distribution that are held against another world's; the tails beyond are shown only."""


@dataclass(frozen=True)
class Check:
    """One statistic held against another. `passed` is None where it can't be, and `reason` says why.

    `error` is the largest of `errors`, the log ratio of each figure (of shares of one whole: the total variation).
    `noise` is the error of one random half of the real log against the other, where that is known.
    """

    rung: str
    statistic: str
    unit: str
    form: Form
    real: dict[str, float]
    synthetic: dict[str, float]
    errors: dict[str, float]
    error: float | None
    tolerance: float
    passed: bool | None
    reason: str = ""
    source: str = ""
    evidence: str = "measured"
    noise: float | None = None


def log_error(synthetic: float, real: float, *, slack: float = 0.0) -> float:
    """|ln(synthetic ÷ real)|, from the nearest point within `slack` of the real value."""
    if synthetic == real or abs(synthetic - real) <= slack:
        return 0.0
    real += math.copysign(slack, synthetic - real)
    if synthetic <= 0 or real <= 0:
        return MOST
    return min(abs(math.log(synthetic / real)), MOST)


def errors_of(
    form: Form, synthetic: Mapping[str, float], real: Mapping[str, float], *, whole: bool
) -> dict[str, float]:
    """The error of each figure both have; `whole`: real quantiles of counts are whole numbers, good to half a unit."""
    if form == "shares":
        names = real.keys() | synthetic.keys()
        variation = sum(abs(synthetic.get(name, 0.0) - real.get(name, 0.0)) for name in names) / 2
        return {"total_variation": variation}
    slack = {name: HALF_UNIT if whole and form == "counts" and name.startswith("p") else 0.0 for name in real}
    return {name: log_error(synthetic[name], real[name], slack=slack[name]) for name in real if name in synthetic}


def compared(real: Measured) -> dict[str, float]:
    """The figures of a statistic that another world is held against."""
    if real.about.form not in ("counts", "values"):
        return dict(real.values)
    return {name: v for name, v in real.values.items() if name in COMPARED or (name[0] != "p" and name != "sd")}


def between(real: Measured, synthetic: Measured) -> Check:
    """A statistic of a synthetic world against the same of a real one."""
    about = real.about
    rung = "L1" if about.level == "marginal" else "L2"
    tolerance = TOLERANCE if about.level == "marginal" else JOINT_TOLERANCE
    reason = ""
    if not real.values:
        reason = f"real: {real.reason}"
    elif not synthetic.values:
        reason = f"synthetic: {synthetic.reason}"
    errors = {} if reason else errors_of(about.form, synthetic.values, compared(real), whole=False)
    return _check(rung, real, dict(real.values), dict(synthetic.values), errors, tolerance, reason)


def _check(
    rung: str,
    one: Measured,
    real: dict[str, float],
    synthetic: dict[str, float],
    errors: dict[str, float],
    tolerance: float,
    reason: str,
    **more: str,
) -> Check:
    error = max(errors.values()) if errors else None
    about = one.about
    return Check(
        rung=rung,
        statistic=about.name,
        unit=about.unit,
        form=about.form,
        real=real,
        synthetic=synthetic,
        errors=errors,
        error=error,
        tolerance=tolerance,
        passed=None if error is None else error <= tolerance,
        reason=reason,
        **more,  # type: ignore[arg-type]
    )


def limits_of(targets: Mapping[str, Target]) -> dict[str, Limits]:
    """The limits of each target's counts."""
    return {name: Limits(target.least, target.most) for name, target in targets.items()}


def floors_of(found: Mapping[str, Measured]) -> dict[str, Limits]:
    """The limits a real log was cut to, so that the other world is cut to them too."""
    return {name: Limits(max(1, one.floor)) for name, one in found.items() if one.about.form == "counts" and one.values}


def against_target(target: Target, synthetic: Measured, world: Dataset, *, users: int | None = None) -> Check:
    """A statistic of a world against the target of a profile; `users` are those seen, all registered ones if None."""
    about = synthetic.about
    rung = "L1" if about.level == "marginal" else "L2"
    reason = _other_shape(target, synthetic, world, users or world.users) or (
        "" if synthetic.values else synthetic.reason
    )
    published = target.evidence != "measured" or all(
        float(v).is_integer() for k, v in target.values.items() if k[0] == "p"
    )
    wanted = _shown_by(target, world)
    errors = {} if reason else errors_of(about.form, synthetic.values, wanted, whole=published)
    return _check(
        rung,
        synthetic,
        dict(target.values),
        dict(synthetic.values),
        errors,
        target.tolerance,
        reason or ("" if errors else "the statistic has none of the target's figures"),
        source=target.source,
        evidence=target.evidence,
    )


def _shown_by(target: Target, world: Dataset) -> dict[str, float]:
    """The figures of a target that a catalogue of the world's size can show."""
    return {
        name: value for name, value in target.values.items() if world.products >= target.least_products.get(name, 0)
    }


def _other_shape(target: Target, synthetic: Measured, world: Dataset, users: int) -> str:
    """Why a target does not hold for a world of this window or shape; empty where it does."""
    days = days_of(world)
    if target.window_days is not None and days is not None and days != target.window_days:
        return f"the target covers {target.window_days} days, the world {days}"
    shape = users / max(synthetic.count, 1)
    if target.users_per_product is not None and abs(math.log(shape / target.users_per_product)) > TOLERANCE:
        return f"the target has {target.users_per_product:g} users a product, the world {shape:.3g}"
    return ""

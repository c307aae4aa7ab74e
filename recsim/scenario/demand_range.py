"""A constant of the demand model: one figure with its interval, its unit and where it comes from."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from recsim.scenario.section import Section
from recsim.units import Provenance

SHARE = "share"
"""The unit of a figure between 0 and 1; its interval lives on the scale of the odds."""

SET_HERE = "set in the scenario"
"""The source of a constant whose scenario gives a new figure and no source for it."""


class Range(Section):
    """`low` and `high` are the 5 % and 95 % quantiles, `mid` the figure a plan is made with.

    `low == high` fixes the constant. Anything else is sampled, a share as logit-normal and any other figure as
    lognormal, so an open interval must lie above 0 (and a share's below 1).
    """

    mid: float = Field(ge=0, description="the figure the plan uses")
    low: float = Field(ge=0, description="5 % quantile")
    high: float = Field(ge=0, description="95 % quantile")
    unit: str = Field(min_length=1, description="unit; share runs 0 to 1")
    provenance: Provenance = Field(description="measured, modelled, vendor or assumed")
    source: str = Field(min_length=1, description="where the figure was published or measured")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.mid <= self.high:
            raise ValueError(f"needs low <= mid <= high, got {self.low:g}, {self.mid:g}, {self.high:g}")
        if self.unit == SHARE and self.high > 1:
            raise ValueError(f"a share lies between 0 and 1, got high = {self.high:g}")
        if self.low < self.high and (self.low == 0 or (self.unit == SHARE and self.high == 1)):
            raise ValueError("an interval may not touch 0 (or 1, for a share); give low = mid = high to fix the figure")
        return self

    @property
    def fixed(self) -> bool:
        return self.low == self.high


def constant(
    mid: float, low: float, high: float, unit: str, provenance: Provenance, source: str, *, meaning: str
) -> Any:  # noqa: ANN401 - a pydantic field is declared with its default
    """A field of `Capacity` with its default."""
    default = Range(mid=mid, low=low, high=high, unit=unit, provenance=provenance, source=source)
    return Field(default, description=meaning)


def fixed(mid: float, unit: str, provenance: Provenance, source: str, *, meaning: str) -> Any:  # noqa: ANN401 - as above
    """A field of `Capacity` without uncertainty: a limit, a price, a choice of ours."""
    return constant(mid, mid, mid, unit, provenance, source, meaning=meaning)


def overridden(default: Range, given: Any) -> Any:  # noqa: ANN401 - unvalidated input goes on to validation
    """The full table of a constant from what a scenario gives of it: a figure, or some of the keys.

    A new `mid` alone keeps the relative uncertainty: low and high move by the same factor (a share's by the same
    factor of its odds). A new figure without a source is the scenario's own, and assumed. Unknown keys pass, for
    validation to refuse.
    """
    if isinstance(given, Range | str) or given is None:
        return given
    if isinstance(given, bool) or (isinstance(given, dict) and isinstance(given.get("mid"), bool)):
        raise ValueError("must be a figure, not true or false")
    table = dict(given) if isinstance(given, dict) else {"mid": given}
    if table.get("unit", default.unit) != default.unit:
        raise ValueError(f"the unit is {default.unit} and can't be changed to {table['unit']}")
    full = {**default.model_dump(), **table}
    if full["mid"] != default.mid and not {"low", "high"} & table.keys():
        full["low"], full["high"] = _stretched(default, full["mid"])
    changed = any(full[key] != getattr(default, key) for key in ("mid", "low", "high"))
    if changed and "source" not in table:
        full["source"] = SET_HERE
        full["provenance"] = table.get("provenance", "assumed")
    return full


def _stretched(default: Range, mid: Any) -> tuple[float, float]:  # noqa: ANN401 - unvalidated
    if not isinstance(mid, int | float) or mid < 0:
        return default.low, default.high
    if mid == 0 or default.fixed:
        return mid, mid
    if default.unit != SHARE:
        return default.low * mid / default.mid, default.high * mid / default.mid
    if mid >= 1:
        return mid, mid
    factor = _odds(mid) / _odds(default.mid)
    low, high = (factor * _odds(bound) for bound in (default.low, default.high))
    return low / (1 + low), high / (1 + high)


def _odds(share: float) -> float:
    return share / (1 - share)

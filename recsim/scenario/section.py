"""What every part of a scenario is: frozen, strict about unknown keys, with a bound and a meaning on every field."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A share or a probability, 0 to 1."""

_Value = TypeVar("_Value")


def by_name(table: dict[str, _Value]) -> dict[str, _Value]:
    """The table in the order of its names: two scenarios that say the same are the same, whatever their order."""
    return dict(sorted(table.items()))


Weights = Annotated[dict[str, Annotated[float, Field(gt=0, le=1e6)]], Field(min_length=1), AfterValidator(by_name)]
"""Names with relative weights above 0; they need not sum to one."""

Levels = Annotated[dict[str, Annotated[float, Field(ge=0, le=1e6)]], AfterValidator(by_name)]
"""Names with weights of at least 0."""


class Section(BaseModel):
    """A table of a scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)

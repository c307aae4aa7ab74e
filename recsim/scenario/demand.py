"""The part of a scenario that capacity planning reads: demand constants with their uncertainty and source.

`[capacity.pages_per_session]` with `mid = 9`, `[capacity] pages_per_session = 9` and
`--set capacity.pages_per_session.mid=9` say the same; `demand_range.overridden` says what becomes of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import SerializerFunctionWrapHandler, ValidatorFunctionWrapHandler, field_validator, model_serializer
from pydantic import ValidationInfo as Info

from recsim.scenario.demand_content import ContentConstants
from recsim.scenario.demand_prices import PriceConstants
from recsim.scenario.demand_range import Range, overridden
from recsim.scenario.demand_serving import ServingConstants
from recsim.scenario.demand_stores import StoreConstants
from recsim.scenario.demand_stream import StreamConstants
from recsim.scenario.demand_traffic import TrafficConstants


class Capacity(
    PriceConstants, ServingConstants, StoreConstants, StreamConstants, ContentConstants, TrafficConstants
):  # pydantic collects the fields of a table from the classes it names
    """Demand constants. A dump holds those that differ from the defaults of this version."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _over_default(cls, given: Any, handler: ValidatorFunctionWrapHandler, info: Info) -> Any:  # noqa: ANN401
        assert info.field_name is not None
        return handler(overridden(cls.model_fields[info.field_name].default, given))

    @model_serializer(mode="wrap")
    def _differing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        dumped: dict[str, Any] = handler(self)
        return {name: table for name, table in dumped.items() if getattr(self, name) != fields[name].default}

    def constants(self) -> Iterator[tuple[str, Range]]:
        """Every constant by name, in the order of the names."""
        for name in sorted(type(self).model_fields):
            yield name, getattr(self, name)

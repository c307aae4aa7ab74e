"""The part of a scenario that capacity planning reads: demand constants with their uncertainty and source."""

from __future__ import annotations

from recsim.scenario.section import Section


class Capacity(Section):
    """Demand constants."""

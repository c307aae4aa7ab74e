"""Scenarios: what to simulate."""

from recsim.scenario.load import load_scenario, scenario_files
from recsim.scenario.model import Scenario

__all__ = ["Scenario", "load_scenario", "scenario_files"]

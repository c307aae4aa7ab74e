"""One small world twice: with nothing that goes wrong on the way to the log, and with everything."""

import pytest
from generate_scenarios import CLEAN, DIRTY, SETS

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.scenario import Scenario, load_scenario


@pytest.fixture(scope="session")
def clean_scenario() -> Scenario:
    return load_scenario("smoke", sets=SETS + CLEAN)


@pytest.fixture(scope="session")
def dirty_scenario() -> Scenario:
    return load_scenario("smoke", sets=SETS + DIRTY)


@pytest.fixture(scope="session")
def clean(clean_scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("clean") / "w"
    generate(clean_scenario, out, workers=1)
    return Dataset.open(out)


@pytest.fixture(scope="session")
def dirty(dirty_scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("dirty") / "w"
    generate(dirty_scenario, out, workers=1)
    return Dataset.open(out)

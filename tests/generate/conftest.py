"""One small world twice: with nothing that goes wrong on the way to the log, and with everything."""

import pytest

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.scenario import Scenario, load_scenario

SETS = [
    "users.count=12000", "users.sessions_per_day=1.0", "users.tenants={a=3.0, b=1.0}", "products.count=1500",
    "products.categories=40", "calendar.days=2", "layout.partitions=3", "behaviour.review_per_purchase=0.3",
    "behaviour.vote_per_view=0.1",
]  # fmt: skip
CLEAN = ["transport.late_share=0", "transport.duplicate_share=0"]
DIRTY = [
    "transport.late_share=0.1", "transport.duplicate_share=0.05", "transport.lost_share=0.02",
    "transport.future_share=0.01", "transport.reordered_share=0.2",
]  # fmt: skip


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

"""What many tests need: the real data sets, where they are present, and one small generated world."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from recsim.dataset import Dataset

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("RECSIM_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no public data sets here; set RECSIM_REAL_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def smoke_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world of the smoke scenario, generated once a session."""
    from recsim.generate.engine import generate
    from recsim.scenario import load_scenario

    out = tmp_path_factory.mktemp("worlds") / "smoke"
    generate(load_scenario("smoke"), out, workers=1)
    return out


@pytest.fixture(scope="session")
def make_smoke(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], Dataset]:
    """Generates the smoke scenario with other settings and opens it; every call makes another world."""
    from recsim.dataset import Dataset
    from recsim.generate.engine import generate
    from recsim.scenario import load_scenario

    def make(sets: Sequence[str]) -> Dataset:
        out = tmp_path_factory.mktemp("smoke") / "w"
        generate(load_scenario("smoke", sets=sets), out, workers=1)
        return Dataset.open(out)

    return make


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's data/ or reports/, or is steered by the user's environment."""
    for name in [name for name in os.environ if name.startswith("RECSIM_") and name != "RECSIM_REAL_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RECSIM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RECSIM_REPORTS_DIR", str(tmp_path / "reports"))


class Outcome(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def recsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs one command in this process, as the console script does."""

    def command(*arguments: object) -> Outcome:
        from recsim.cli.main import run

        monkeypatch.setattr(sys, "argv", ["recsim", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return command

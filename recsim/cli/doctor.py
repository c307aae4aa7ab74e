"""`recsim doctor`: is this machine fit, and does the installation compute what it should?"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from recsim import __version__
from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.errors import RecsimError, ThresholdMissed
from recsim.runs import LIBRARIES, data_dir, reports_dir
from recsim.units import GB, human_bytes

_LEAST_MEMORY_BYTES = 2 * GB
_LEAST_DISK_BYTES = 2 * GB


class Check(NamedTuple):
    """One thing looked at."""

    name: str
    ok: bool
    found: str


def doctor(json: options.Json = False) -> None:
    """Check this machine and known answers."""
    checks = [
        *(_library(name) for name in LIBRARIES),
        _python(),
        _memory(),
        *(_folder(path) for path in (data_dir(), reports_dir())),
        _attempt("random numbers", _known_random_numbers),
        _attempt("metrics", _known_metrics),
        _attempt("scenarios", _known_scenarios),
    ]
    with Terminal(json=json, quiet=False) as terminal:
        healthy = all(check.ok for check in checks)
        if json:
            terminal.document(
                {"recsim": __version__, "healthy": healthy, "checks": [check._asdict() for check in checks]}
            )
        else:
            rows = [[check.name, "ok" if check.ok else "FAILED", check.found] for check in checks]
            terminal.table(f"recsim {__version__}", ["check", "state", "found"], rows)
    if not healthy:
        sys.exit(ThresholdMissed.exit_code)


def _python() -> Check:
    return Check("python", sys.version_info >= (3, 11), f"{platform.python_version()}, {os.cpu_count()} cores")


def _library(name: str) -> Check:
    try:
        return Check(name, ok=True, found=version(name))
    except PackageNotFoundError:
        return Check(name, ok=False, found="not installed; run `pip install recsim-workbench` again")


def _memory() -> Check:
    import psutil

    free_bytes = psutil.virtual_memory().available
    return Check("memory", free_bytes >= _LEAST_MEMORY_BYTES, f"{human_bytes(free_bytes)} free")


def _folder(path: os.PathLike[str]) -> Check:
    place = os.fspath(path)
    existing = place
    while not os.path.exists(existing):  # noqa: PTH110 - climbs to the nearest folder that exists
        existing = os.path.dirname(os.path.abspath(existing))  # noqa: PTH100, PTH120
    free_bytes = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    found = f"{human_bytes(free_bytes)} free" if writable else "not writable; set RECSIM_DATA_DIR or RECSIM_REPORTS_DIR"
    return Check(f"folder {place}", writable and free_bytes >= _LEAST_DISK_BYTES, found)


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, found=look())
    except (AssertionError, ImportError, RecsimError) as error:
        return Check(name, ok=False, found=str(error) or type(error).__name__)


def _known_random_numbers() -> str:
    import numpy as np

    from recsim.rng import ALGORITHM, philox

    words = [int(word) for word in philox(*[np.uint32(0)] * 6)]
    assert words == [0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48], "Philox4x32-7 differs from its published vector"
    return f"{ALGORITHM} gives its published vector"


def _known_metrics() -> str:
    import numpy as np
    from scipy.sparse import csr_matrix

    from recsim.metrics.base import parse
    from recsim.metrics.judged import judge

    truth = csr_matrix(([1.0], ([0], [1])), shape=(1, 4))
    value = float(parse("ndcg@3").per_user(judge(np.array([0]), np.array([[3, 1, 2]]), truth))[0])
    assert abs(value - 0.6309297535714575) < 1e-6, f"ndcg@3 of a hit at rank 2 is {value}, not 1/log2(3)"
    return "ndcg@3 of a hit at rank 2 is 1/log2(3)"


def _known_scenarios() -> str:
    from recsim.scenario import load_scenario, scenario_files

    names = [load_scenario(str(path)).name for path in scenario_files().values()]
    return f"{len(names)} valid"

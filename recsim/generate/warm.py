"""The kernels' machine code: compiled once an installation, by one process, before several need it."""

from __future__ import annotations

import fcntl
import gc
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import llvmlite.binding
import numba

from recsim.behaviour import kernel
from recsim.behaviour.world import build
from recsim.generate import chunk, products, users
from recsim.scenario import load_scenario

REMARK = "compiling the kernels, once an installation: about a minute"
_TINY = [
    "users.count=40", "products.count=40", "products.categories=4", "calendar.days=1", "layout.partitions=1",
]  # fmt: skip


def compile_kernels(note: Callable[[str], None]) -> None:
    """See that the cache holds every kernel of `generate`; tells `note` where that takes long.

    Whoever comes second waits for the first instead of compiling the same again. Without a folder to keep machine code
    in, every process compiles for itself and nothing is done here.
    """
    if not kernel.FOLDER or (mark := _mark(Path(kernel.FOLDER))).exists():
        return
    note(REMARK)
    with (mark.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            gc.disable()  # the compiler makes millions of small objects and drops few: a sixth of its time
            try:
                _make_a_tiny_world()
            finally:
                gc.enable()
            mark.touch()


def _mark(folder: Path) -> Path:
    """Exists when everything is compiled for this Python, Numba and processor."""
    processor = numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    return folder / f"complete-py{sys.version_info.major}{sys.version_info.minor}-numba{numba.__version__}-{processor}"


def _make_a_tiny_world() -> None:
    world = build(load_scenario("base", sets=_TINY))
    with tempfile.TemporaryDirectory(prefix="recsim-kernels-") as name:
        out = Path(name)
        products.write(world, out, 0)
        users.write(world, out, 0)
        chunk.write_chunk(world, chunk.Workbench(world), out, 0, 0)

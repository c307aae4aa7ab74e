"""Whether the disk has room for a world, before hours go into it."""

from __future__ import annotations

import shutil
from pathlib import Path

from recsim.errors import BadInput
from recsim.units import human_bytes

MARGIN = 1.1
"""How far the estimate may lie above what the disk has before it is refused: a full disk loses nothing either."""


def check(out: Path, expected_bytes: float) -> None:
    """Raises `BadInput` where what is missing of a world of `expected_bytes` does not fit beside `out`."""
    target = out.resolve()
    begun = target.parent / f".{target.name}.partial"
    there = sum(path.stat().st_size for path in begun.rglob("part-*") if path.is_file()) if begun.is_dir() else 0
    place = next(folder for folder in target.parents if folder.is_dir())
    free = shutil.disk_usage(place).free
    if expected_bytes - there > free * MARGIN:
        raise BadInput(
            f"{out} needs about {human_bytes(expected_bytes - there)} more and its disk has {human_bytes(free)} free; "
            "free room, name an --out on another disk, or make a smaller world (--set users.count=…)."
        )

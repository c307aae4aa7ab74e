"""Finding the files of a data set in a directory, by the names its makers gave them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from recsim.errors import BadInput
from recsim.importers.files import SUFFIXES, format_of

TABLES = tuple(f"{suffix}{packed}" for suffix in SUFFIXES for packed in ("", ".gz"))


def first_match(directory: Path, patterns: Sequence[str]) -> Path | None:
    """The first file that fits the first pattern any file fits; patterns are in lower case."""
    files = sorted(path for path in directory.iterdir() if path.is_file())
    for pattern in patterns:
        for path in files:
            if fnmatch(path.name.lower(), pattern):
                return path
    return None


def any_format(*stems: str) -> tuple[str, ...]:
    """`events` → events.parquet, events.csv, events.csv.gz, …: Parquet first, for its types."""
    ordered = sorted(TABLES, key=lambda suffix: not suffix.startswith(".parquet"))
    return tuple(f"{stem}{suffix}" for stem in stems for suffix in ordered)


def needed(source: Path, patterns: Sequence[str], kind: str, looked_for: str) -> Path:
    """The log file of a source: the file itself, or the first match in its directory. Raises `BadInput`."""
    if source.is_file():
        return source
    found = first_match(source, patterns)
    if found is None:
        raise BadInput(
            f"{source} holds no {kind} log: looked for {looked_for}, found {listing(source)}; "
            "name the log file itself, or another directory."
        )
    return found


def listing(directory: Path) -> str:
    """The first names in a directory, for an error sentence."""
    names = sorted(path.name for path in directory.iterdir())
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more if names else "nothing"


def tables_in(directory: Path) -> list[Path]:
    """The files of a known format in a directory, documentation apart."""
    return sorted(
        path
        for path in directory.iterdir()
        if path.is_file() and format_of(path) is not None and "readme" not in path.name.lower()
    )

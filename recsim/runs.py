"""Directories that are either complete or invisible, and the manifest that says how each was made.

A world (under `data/`) and a run (under `reports/`) are built in `.NAME.partial` beside the target and renamed when
complete, so a directory without a dot in front is whole. `manifest.json` is written last.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from recsim import __version__
from recsim.errors import BadInput
from recsim.schema.columns import SCHEMA_VERSION, Row, arrow_schema, encodings

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
MEASURED = "measured"
"""Folder of a run for what depends on the machine (times, memory): not part of the run's identity."""

LIBRARIES = ("numpy", "numba", "polars", "pyarrow", "duckdb", "faiss-cpu", "implicit", "scikit-learn", "scipy")


class FileRecord(BaseModel):
    """One file of a world or a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    bytes: int
    rows: int | None = None


class Manifest(BaseModel):
    """How a directory was made: enough to make it again, and to see whether the second time gave the same bytes.

    `outputs` are the files that depend on (scenario, seed, version) alone. `process` holds what depends on the day:
    times, machine, argv. `facts` are small figures readers need without opening a table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["world", "run"]
    verb: str
    name: str
    recsim_version: str
    schema_version: int
    identity: str
    scenario: dict[str, Any] | None
    arguments: dict[str, Any]
    facts: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, FileRecord]
    process: dict[str, Any]


def data_dir() -> Path:
    """Where worlds are: `RECSIM_DATA_DIR`, or ./data."""
    return Path(os.environ.get("RECSIM_DATA_DIR") or "data")


def reports_dir() -> Path:
    """Where runs are: `RECSIM_REPORTS_DIR`, or ./reports."""
    return Path(os.environ.get("RECSIM_REPORTS_DIR") or "reports")


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a complete world or run; raises `BadInput` where there is none or it is of another schema."""
    path = directory / MANIFEST
    if not directory.is_dir():
        raise BadInput(f"{directory} does not exist; `recsim list` shows the worlds and runs there are.")
    try:
        tree = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise BadInput(
            f"{directory} holds no {MANIFEST}, so it is not a recsim world or run; `recsim list` shows those."
        ) from None
    except (orjson.JSONDecodeError, OSError) as error:
        raise BadInput(f"{path} can't be read ({error}); make the directory again with --force.") from None
    found = tree.get("schema_version") if isinstance(tree, dict) else None
    if found != SCHEMA_VERSION:
        remedy = f"`recsim {tree.get('verb', 'generate')} … --force`" if isinstance(tree, dict) else "recsim"
        raise BadInput(
            f"{directory} was written with schema version {found}, this recsim reads version {SCHEMA_VERSION}; "
            f"make it again with {remedy}."
        )
    try:
        return Manifest.model_validate(tree)
    except ValidationError as error:
        raise BadInput(
            f"{path} is not a valid manifest ({error.error_count()} problems); make it again with --force."
        ) from None


def complete_directories(root: Path) -> list[Path]:
    """The finished worlds or runs in a folder, by name; none where there is no such folder."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if not path.name.startswith(".") and (path / MANIFEST).is_file())


def read_document(path: Path) -> dict[str, Any]:
    """A JSON document of a run (`results.json`, `measured.json`); raises `BadInput` where it is damaged."""
    try:
        tree = orjson.loads(path.read_bytes())
    except (orjson.JSONDecodeError, OSError) as error:
        raise BadInput(f"{path} can't be read ({error}); make the run again with --force.") from None
    if not isinstance(tree, dict):
        raise BadInput(f"{path} is not a JSON object; make the run again with --force.")
    return tree


@contextmanager
def staged(target: Path, *, identity: str, resume: bool, force: bool) -> Iterator[Path]:
    """A directory to build `target` in, renamed to it when the block ends well.

    With `resume`, what an interrupted earlier attempt of the same `identity` left is still there. On bad input
    nothing stays; on an interrupt, a full disk or a crash the finished parts stay, invisible, for the next attempt.
    """
    if target.is_symlink():  # what it points to is replaced, not the link
        target = target.resolve()
    if target.exists():
        _replaceable(target, force=force)
    partial = target.parent / f".{target.name}.partial"
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir(exist_ok=True)
        lock = (partial / ".lock").open("w")
    except OSError as error:
        raise BadInput(f"{target} can't be written: {error.strerror}; name another --out.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one who held it may have published, and taken it away, since it was opened.
            gone = not os.path.samestat((partial / ".lock").stat(), os.fstat(lock.fileno()))
        except OSError:
            gone = True
        if gone:
            raise BadInput(f"{target} is being made by another recsim right now; wait for it to end.") from None
        _prepare(partial, identity, resume=resume)
        try:
            yield partial
        except BaseException as error:
            _abandon(partial, error, resume=resume)
            raise
        _publish(partial, target)


def check_ours(target: Path) -> None:
    """Raises `BadInput` where an existing directory is not one recsim made, so must not be read or replaced."""
    if not (target / MANIFEST).is_file():
        raise BadInput(f"{target} exists and is not a recsim directory; name another --out.")


def _replaceable(target: Path, *, force: bool) -> None:
    check_ours(target)
    if not force:
        raise BadInput(f"{target} exists already; name another --out, or make it again with --force.")


def _prepare(partial: Path, identity: str, *, resume: bool) -> None:
    mark = partial / ".identity"
    same = resume and mark.is_file() and mark.read_text(encoding="utf-8") == identity
    for entry in partial.iterdir():
        if entry.name == ".lock" or (same and not entry.name.endswith(".tmp")):
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    mark.write_text(identity, encoding="utf-8")


def _abandon(partial: Path, error: BaseException, *, resume: bool) -> None:
    kept = resume and not isinstance(error, BadInput) and _keep_finished(partial)
    if not kept:
        shutil.rmtree(partial, ignore_errors=True)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        what_next = "the same command then goes on" if kept else "name another --out, and run again"
        raise BadInput(
            f"the disk of {partial.parent} is full; free room{' and' if kept else ' or'} {what_next}."
        ) from error


def _keep_finished(partial: Path) -> bool:
    """Drop half written files; whether a finished one is left."""
    for unfinished in partial.rglob(".*.tmp"):
        unfinished.unlink(missing_ok=True)
    return any(path.is_file() and not path.name.startswith(".") for path in partial.rglob("*"))


def _publish(partial: Path, target: Path) -> None:
    (partial / ".identity").unlink()
    (partial / ".lock").unlink()
    old = target.parent / f".{target.name}.old"
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def write_table(path: Path, table: pa.Table, row: type[Row]) -> None:
    """Write one Parquet file atomically, in the table's own schema and encodings."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    schema = arrow_schema(row)
    with pq.ParquetWriter(unfinished, schema, **encodings(row)) as writer:
        writer.write_table(table if table.schema == schema else table.select(schema.names).cast(schema))
    unfinished.rename(path)


def write_json(path: Path, tree: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write one JSON file atomically, keys sorted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    unfinished.rename(path)


def record(path: Path) -> FileRecord:
    """Hash, size and, for Parquet, rows of a file."""
    rows = None
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows = pq.read_metadata(path).num_rows
    return FileRecord(sha256=sha256_of(path), bytes=path.stat().st_size, rows=rows)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Stopwatch:
    """Wall and CPU time and peak memory of this process and its finished children, from its creation on.

    `counted` is what was made in that time, told beside it.
    """

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self.started_at = datetime.now(UTC)
        self._wall = time.perf_counter()
        self._cpu = _cpu_s()

    def reading(self) -> dict[str, float]:
        peak_kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return {
            "wall_s": round(time.perf_counter() - self._wall, 3),
            "cpu_s": round(_cpu_s() - self._cpu, 3),
            "peak_memory_bytes": peak_kib * (1024 if sys.platform != "darwin" else 1),
            **self.counted,
        }


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seal(
    directory: Path,
    *,
    kind: Literal["world", "run"],
    verb: str,
    name: str,
    identity: str,
    scenario: dict[str, Any] | None,
    arguments: dict[str, Any],
    facts: dict[str, Any],
    inputs: dict[str, str],
    watch: Stopwatch,
) -> Manifest:
    """Hash every file of a finished directory and write its manifest, last."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    names = {path.relative_to(directory).as_posix(): path for path in files}
    # An attempt that was killed just after this point left its manifest behind.
    names = {name: path for name, path in names.items() if name != MANIFEST and "/." not in f"/{name}"}
    manifest = Manifest(
        kind=kind,
        verb=verb,
        name=name,
        recsim_version=__version__,
        schema_version=SCHEMA_VERSION,
        identity=identity,
        scenario=scenario,
        arguments=arguments,
        facts=facts,
        inputs=inputs,
        outputs={key: record(path) for key, path in names.items() if not key.startswith(f"{MEASURED}/")},
        process={
            "argv": sys.argv[1:],
            "started_at": watch.started_at.isoformat(timespec="seconds"),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **watch.reading(),
            "machine": {"system": platform.system(), "cpu": platform.machine(), "cores": os.cpu_count()},
            "python": platform.python_version(),
            "libraries": {library: _version(library) for library in LIBRARIES},
        },
    )
    write_json(directory / MANIFEST, manifest.model_dump(mode="json"))
    return manifest


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"

"""`recsim import`: find the files of a log, read them, and write the world they make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from recsim import __version__
from recsim.clock import date_of
from recsim.errors import BadInput
from recsim.importers import IMPORTERS
from recsim.importers.files import count_rows, open_log
from recsim.importers.intake import EXAMPLES
from recsim.importers.log import Found, Importer, Log
from recsim.importers.tables import write_world
from recsim.importers.world import World, build
from recsim.progress import Progress, silent
from recsim.registry import did_you_mean
from recsim.runs import Manifest, Stopwatch, seal, sha256_of, staged, write_json
from recsim.scenario.model import digest
from recsim.schema.columns import SCHEMA_VERSION
from recsim.units import US_PER_DAY

BAD_ROWS_LIMIT = 100
"""Rows that may be refused before the whole log is: an absolute count, over all its files."""

SHOWN = 3
REFUSED = "refused.json"


def import_world(
    kind: str,
    source: Path,
    out: Path,
    *,
    name: str,
    mapping: Mapping[str, str],
    bad_rows_limit: int = BAD_ROWS_LIMIT,
    force: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Turn a log of a kind of `IMPORTERS` into the world `out`.

    `mapping` names columns of the log: column → field. Raises `BadInput`, with nothing written, for files that are
    not there or not of this kind, and where more than `bad_rows_limit` rows can't be used.
    """
    watch = Stopwatch()
    importer, found, files = _prepared(kind, source, mapping)
    mark = _identity(kind, mapping, bad_rows_limit, files)
    progress("reading", 0, len(found.all()), "files")
    log = importer.read(found, mapping)
    progress("reading", len(found.all()), len(found.all()), "files")
    _refuse_if_bad(log, source, bad_rows_limit)
    with staged(out, identity=mark, resume=False, force=force) as directory:
        world = build(log)
        write_world(directory, world, progress)
        _write_refused(directory, log)
        return seal(
            directory,
            kind="world",
            verb="import",
            name=name,
            identity=mark,
            scenario=None,
            arguments={
                "kind": kind,
                "source": source.resolve().name,
                "mapping": dict(sorted(mapping.items())),
                "bad_rows_limit": bad_rows_limit,
            },
            facts=_facts(kind, log, world, found),
            inputs=files,
            watch=watch,
        )


def identity(kind: str, source: Path, mapping: Mapping[str, str], bad_rows_limit: int = BAD_ROWS_LIMIT) -> str:
    """The digest of what an import depends on: kind, mapping, limit, the bytes of the source files and the version."""
    _, _, files = _prepared(kind, source, mapping)
    return _identity(kind, mapping, bad_rows_limit, files)


def estimate(kind: str, source: Path) -> dict[str, Any]:
    """What an import would read, without reading it: files by role, their bytes, and rows where the format tells."""
    _, found, _ = _prepared(kind, source, {}, hashed=False)
    files = [
        {"file": path.name, "role": role, "bytes": path.stat().st_size, "rows": count_rows(open_log(path))}
        for role, paths in sorted(found.files.items())
        for path in paths
    ]
    return {"kind": kind, "source": str(source), "files": files, "notes": list(found.notes)}


def _prepared(
    kind: str, source: Path, mapping: Mapping[str, str], *, hashed: bool = True
) -> tuple[Importer, Found, dict[str, str]]:
    importer: Importer = IMPORTERS.load(kind)
    for column, field in mapping.items():
        if field not in importer.fields:
            raise BadInput(_wrong_field(kind, column, field, importer))
    if not source.exists():
        raise BadInput(f"{source} does not exist; name the downloaded file or its directory.")
    found = importer.find(source)
    files = {path.name: sha256_of(path) for path in found.all()} if hashed else {}
    return importer, found, files


def _wrong_field(kind: str, column: str, field: str, importer: Importer) -> str:
    if column in importer.fields:
        return f"--map {column}={field} is the wrong way round: write column=field, --map {field}={column}."
    return f'"{field}" is no field of {kind}, in --map {column}={field}.{did_you_mean(field, importer.fields)}'


def _identity(kind: str, mapping: Mapping[str, str], bad_rows_limit: int, files: Mapping[str, str]) -> str:
    return digest(
        {
            "kind": kind,
            "mapping": dict(mapping),
            "bad_rows_limit": bad_rows_limit,
            "files": dict(files),
            "recsim": __version__,
            "schema": SCHEMA_VERSION,
        }
    )


def _refuse_if_bad(log: Log, source: Path, limit: int) -> None:
    refused = sum(intake.refused for intake in log.intakes)
    examples = [row for intake in log.intakes for row in intake.examples][:SHOWN]
    shown = "; ".join(f"{row.file} line {row.line}: {row.reason}" for row in examples)
    if refused > limit:
        rows = sum(intake.read for intake in log.intakes)
        raise BadInput(
            f"{refused:,} of {rows:,} rows of {source} can't be used, more than the limit of {limit:,} ({shown}"
            f"{'; …' if refused > len(examples) else ''}); mend them or allow more with --bad-rows-limit {refused}."
        )
    if log.total("read") == log.total("refused"):
        raise BadInput(
            f"{source} has no row that can be used{f' ({shown})' if shown else ''}; "
            "mend it, or name its columns with --map."
        )


def _write_refused(directory: Path, log: Log) -> None:
    """The first refused rows of each file, for whoever wants to mend them."""
    rows = [
        {"file": row.file, "line": row.line, "reason": row.reason, "text": row.text}
        for intake in log.intakes
        for row in intake.examples[:EXAMPLES]
    ]
    if rows:
        write_json(directory / REFUSED, rows)


def _facts(kind: str, log: Log, world: World, found: Found) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": kind,
        "users": world.users.height,
        "products": world.products.height,
        "partitions": world.partitions,
        "rows_read": log.total("read"),
        "rows_refused": log.total("refused"),
        "rows_duplicate": log.total("duplicates"),
        "rows_kept": log.total("read") - log.total("refused") - log.total("duplicates"),
        "files": [
            {
                "file": intake.path.name,
                "role": intake.role,
                "rows_read": intake.read,
                "rows_refused": intake.refused,
                "rows_duplicate": intake.duplicates,
            }
            for intake in log.intakes
        ],
        "refused": [f"{row.file} line {row.line}: {row.reason}" for intake in log.intakes for row in intake.examples][
            :SHOWN
        ],
        "notes": [*found.notes, *log.notes],
        **_event_facts(world.events),
    }
    for table in ("sessions", "reviews", "interactions", "judgements"):
        frame: pl.DataFrame | None = getattr(world, table)
        if frame is not None:
            facts[table] = frame.height
    return facts


def _event_facts(events: pl.DataFrame | None) -> dict[str, Any]:
    if events is None or events.is_empty():
        return {"events": 0, "first_day": None, "days": 0}
    first, last = events.select(pl.col("ts").min() // US_PER_DAY, (pl.col("ts").max() // US_PER_DAY).alias("l")).row(0)
    counts = events.group_by("event_type").len().sort("event_type")
    return {
        "events": events.height,
        "first_day": date_of(first * US_PER_DAY).isoformat(),
        "days": last - first + 1,
        "sessions_found": events["session"].n_unique(),
        "events_by_type": dict(counts.iter_rows()),
    }

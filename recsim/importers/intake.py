"""Taking in one file: typed columns of the rows that can be used, and an account of those that can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from recsim.importers.fields import Check, Field, checks, parsed
from recsim.importers.files import Fault, LogFile, batches, open_bytes
from recsim.importers.log import LOG, Intake, Refused
from recsim.importers.times import TimeReader, reader_for

EXAMPLES = 100
"""Refused rows that are kept with their line and reason."""

SAMPLE_ROWS = 10_000
TEXT_CHARACTERS = 200
VALUE_CHARACTERS = 60


def take(
    file: LogFile, chosen: Mapping[Field, str], role: str = LOG, *, unique: bool = True, also: Sequence[Check] = ()
) -> Intake:
    """Read the chosen columns of a file. With `unique`, rows that agree in all of them count once.

    `also` are checks between fields, beside those that each field brings.

    The frame has one column a field, typed (keys and texts String, numbers Float64, times Int64 µs), and `record`.
    """
    faults: list[Fault] = []
    kept: list[pl.DataFrame] = []
    examples: list[tuple[int, str]] = []
    read = refused = 0
    reader: TimeReader | None = None
    for batch in batches(file, sorted(set(chosen.values())), faults):
        raw = batch.select("record", *[pl.col(column).alias(field.name) for field, column in chosen.items()])
        reader = reader or _time_reader(raw, chosen)
        typed, rules = _typed(_without_float_keys(raw, chosen), chosen, reader), [*_rules(chosen), *also]
        good, bad = _sift(typed, rules, EXAMPLES - len(examples), examples)
        kept.append(good)
        read += batch.height
        refused += bad
    frame = pl.concat(kept) if kept else _empty(chosen)
    distinct = distinct_rows(frame, [field.name for field in chosen]) if unique else frame
    return Intake(
        path=file.path,
        role=role,
        frame=distinct,
        read=read + len(faults),
        refused=refused + len(faults),
        duplicates=frame.height - distinct.height,
        examples=tuple(_located(file, examples, faults)),
    )


def distinct_rows(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The first of the rows that agree in all columns, in order. Only rows of equal hash are compared: a tenth of the
    memory of comparing all."""
    suspected = frame.select(columns).hash_rows().is_duplicated()
    if not suspected.any():
        return frame
    again = frame.with_row_index("at").filter(suspected)
    first = again.unique(columns, keep="first")["at"]
    repeated = again.filter(~again["at"].is_in(first.implode()))["at"]
    return frame.with_row_index("at").filter(~pl.col("at").is_in(repeated.implode())).drop("at")


def _empty(chosen: Mapping[Field, str]) -> pl.DataFrame:
    kinds = {"number": pl.Float64(), "time": pl.Int64(), "flag": pl.Boolean()}
    return pl.DataFrame(schema={"record": pl.UInt32(), **{f.name: kinds.get(f.kind, pl.String()) for f in chosen}})


def _time_reader(raw: pl.DataFrame, chosen: Mapping[Field, str]) -> TimeReader | None:
    """How the times of the first batch are written; all batches are read so."""
    times = [field.name for field in chosen if field.kind == "time"]
    return reader_for(raw[times[0]].head(SAMPLE_ROWS)) if times else None


def _without_float_keys(raw: pl.DataFrame, chosen: Mapping[Field, str]) -> pl.DataFrame:
    """Whole keys that passed through a float column on their way (`17850.0`) as the integers they were."""
    keys = [field.name for field in chosen if field.kind == "key"]
    texts = raw.with_columns(pl.col(keys).cast(pl.String))
    floats = [key for key in keys if texts[key].str.ends_with(".0").any()]
    return texts.with_columns(pl.col(floats).str.replace(r"^(-?\d+)\.0$", "$1")) if floats else texts


def _rules(chosen: Mapping[Field, str]) -> list[Check]:
    return [check for field in chosen for check in checks(field)]


def _typed(raw: pl.DataFrame, chosen: Mapping[Field, str], reader: TimeReader | None) -> pl.DataFrame:
    """Each field typed, and beside it, as `raw:field`, as it was written."""
    fields = [parsed(field, raw.schema[field.name], reader).alias(field.name) for field in chosen]
    return raw.select("record", *fields, *[pl.col(field.name).alias(f"raw:{field.name}") for field in chosen])


def _sift(
    typed: pl.DataFrame, rules: Sequence[Check], room: int, examples: list[tuple[int, str]]
) -> tuple[pl.DataFrame, int]:
    """The usable rows of a batch and the number of the others; the first `room` of those go to `examples`."""
    good = typed.select(pl.exclude("^raw:.*$"))
    code = typed.select(_first_broken(rules)).to_series()
    bad = code.is_not_null()
    if not bad.any():
        return good, 0
    for at in bad.arg_true().head(max(room, 0)):
        rule = rules[int(code[at])]
        value = str(typed[f"raw:{rule.shows}"][at])[:VALUE_CHARACTERS]
        examples.append((int(typed["record"][at]), rule.reason.replace("{value}", value)))
    return good.filter(~bad), int(bad.sum())


def _first_broken(rules: Sequence[Check]) -> pl.Expr:
    """The number of the first rule a row breaks, or null."""
    return pl.coalesce(
        *[pl.when(rule.bad).then(pl.lit(number, pl.UInt8)) for number, rule in enumerate(rules)],
        pl.lit(None, pl.UInt8),
    )


def _located(file: LogFile, examples: list[tuple[int, str]], faults: list[Fault]) -> list[Refused]:
    """The first refused rows of a file in file order, with the line each stands on and its text."""
    first = 2 if file.format == "csv" and file.headed else 1
    broken = sorted(fault.record for fault in faults)
    reasons = {_record(first + at, broken): reason for at, reason in examples}
    reasons.update((fault.record, fault.reason) for fault in faults)
    records = sorted(reasons)[:EXAMPLES]
    if file.format == "parquet" or not records:
        return [Refused(file.path.name, record, reasons[record]) for record in records]
    where = _physical_lines(file, set(records))
    return [Refused(file.path.name, where[record][0], reasons[record], where[record][1]) for record in records]


def _record(position: int, broken: list[int]) -> int:
    """The record number of the row that would be number `position` if there were no broken records."""
    for record in broken:
        position += record <= position
    return position


def _physical_lines(file: LogFile, records: set[int]) -> dict[int, tuple[int, str]]:
    """Where the wanted records start: line number and text. Blank lines are no records; quotes may span lines."""
    found: dict[int, tuple[int, str]] = {}
    last, record, quoted = max(records), 0, False
    with open_bytes(file.path) as stream:
        for number, line in enumerate(stream, start=1):
            if not quoted and line.strip():
                record += 1
                if record in records:
                    found[record] = number, line.decode(file.encoding, "replace").rstrip("\r\n")[:TEXT_CHARACTERS]
                if record >= last:
                    break
            if file.format == "csv" and line.count(b'"') % 2:
                quoted = not quoted
    return {record: found.get(record, (record, "")) for record in records}

"""Opening the files of a log: what format they are, which columns they have, and their rows in bounded batches.

Every reader yields text columns of one batch, so that a value that can't be parsed can still be shown. Nothing is
guessed about values here; `intake` parses them.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from recsim.errors import BadInput

SUFFIXES = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".dat": "csv", ".data": "csv", ".inter": "csv", ".user": "csv",
    ".item": "csv", ".parquet": "parquet", ".pq": "parquet", ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
DELIMITERS = ("\t", ",", ";", "|")
BATCH_ROWS = 500_000
BLOCK_BYTES = 16_000_000
HEAD_BYTES = 65_536


@dataclass(frozen=True)
class LogFile:
    """A file that can be read: `names` are its columns as written; `headed` whether the first line holds them."""

    path: Path
    format: Literal["csv", "parquet", "jsonl", "split"]
    names: tuple[str, ...]
    delimiter: str = ","
    headed: bool = True
    encoding: str = "utf8"


@dataclass(frozen=True)
class Fault:
    """A row the reader itself could not take apart; `record` counts records from 1, the header included."""

    record: int
    reason: str
    text: str


def format_of(path: Path) -> str | None:
    """`csv`, `parquet` or `jsonl` by the file's suffix (a `.gz` behind it does not matter); None for another."""
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    return SUFFIXES.get(suffixes[-1].lower()) if suffixes else None


def open_log(path: Path, *, names: tuple[str, ...] = (), delimiter: str = "", encoding: str = "utf8") -> LogFile:
    """Look at a file's head. `names` says that it has no header and what its columns are. Raises `BadInput`."""
    if path.suffix.lower() in (".zip", ".7z", ".tar", ".rar"):
        raise BadInput(f"{path} is an archive; unpack it and import the directory.")
    kind = format_of(path)
    if kind is None:
        raise BadInput(f"{path} has no known suffix; name a .csv, .tsv, .dat, .txt, .parquet or .jsonl file (or .gz).")
    if kind == "parquet":
        return LogFile(path, "parquet", tuple(parquet_file(path).schema_arrow.names))
    head = _head(path)
    if kind == "jsonl":
        return LogFile(path, "jsonl", _json_names(path, head))
    first = head.decode(encoding, errors="replace").lstrip("\ufeff").splitlines()[0]
    sign = delimiter or max(DELIMITERS, key=first.count)
    if names:
        return LogFile(path, "split" if len(sign) > 1 else "csv", names, sign, headed=False, encoding=encoding)
    cells = next(csv.reader([first], delimiter=sign))
    return LogFile(path, "csv", tuple(_plain(cell) for cell in cells), sign, encoding=encoding)


def _plain(name: str) -> str:
    """A header cell without quotes, blanks and the `:token` type that atomic RecBole files put behind it."""
    return name.strip().split(":", maxsplit=1)[0]


def _head(path: Path) -> bytes:
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; name the downloaded file or its directory.") from None
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from None
    if not head.strip():
        raise BadInput(f"{path} is empty; download it again.")
    return head


def unreadable(path: Path, error: BaseException) -> BadInput:
    """The sentence for a file that breaks off or is not what its suffix says."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadInput(f"{path} can't be read ({reason.rstrip('.')}); it is damaged or cut short: get it again.")


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where it ends in `.gz`."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def parquet_file(path: Path) -> pq.ParquetFile:
    """A Parquet file; raises `BadInput` where it is absent, empty or cut short."""
    if not path.is_file():
        raise BadInput(f"{path} does not exist; name the downloaded file or its directory.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path} is empty; download it again.")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error) from None


def _json_names(path: Path, head: bytes) -> tuple[str, ...]:
    """The union of the keys in the first lines of a JSON-lines file."""
    names: dict[str, None] = {}
    lines = head.splitlines()
    for line in lines if len(head) < HEAD_BYTES else lines[:-1] or lines:
        try:
            tree = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(tree, dict):
            names.update(dict.fromkeys(tree))
    if not names:
        raise BadInput(
            f"{path} holds no JSON object on a line of its own in its first lines; JSON lines are needed: "
            "write one object a line."
        )
    return tuple(names)


def count_rows(file: LogFile) -> int | None:
    """Rows of a Parquet file, at once; None where only reading tells."""
    return parquet_file(file.path).metadata.num_rows if file.format == "parquet" else None


def batches(file: LogFile, columns: list[str], faults: list[Fault]) -> Iterator[pl.DataFrame]:
    """The chosen columns of a file in file order, text where the file is text; broken rows go to `faults`.

    Each batch has `record`, the number of the row among the readable ones, from 0.
    """
    readers = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl, "split": _split}
    start = 0
    try:
        for frame in readers[file.format](file, columns, faults):
            yield frame.with_row_index("record", offset=start)
            start += frame.height
    except (pa.ArrowException, OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise unreadable(file.path, error) from None


class _Counted:
    """A stream that counts the line ends and quotes that pass, for pyarrow to read from."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.closed = False
        self.lines = self.quotes = 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.lines += block.count(b"\n")
        self.quotes += block.count(b'"')
        return block


def _csv(file: LogFile, columns: list[str], faults: list[Fault]) -> Iterator[pl.DataFrame]:
    def broken(row: pc.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields instead of {row.expected_columns}"
        faults.append(Fault(row.number, reason, row.text[:200]))
        return "skip"

    rows = 0
    with open_bytes(file.path) as stream:
        counted = _Counted(stream)
        reader = pc.open_csv(
            pa.PythonFile(counted, mode="r"),
            read_options=pc.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, column_names=file.names, skip_rows=int(file.headed),
                encoding=file.encoding,
            ),
            parse_options=pc.ParseOptions(
                delimiter=file.delimiter, invalid_row_handler=broken, newlines_in_values=True
            ),
            convert_options=pc.ConvertOptions(
                include_columns=columns, column_types=dict.fromkeys(columns, pa.binary()), null_values=[""],
                strings_can_be_null=True, quoted_strings_can_be_null=True,
            ),
        )  # fmt: skip
        for batch in reader:
            rows += batch.num_rows
            yield _decoded(pl.DataFrame(pa.Table.from_batches([batch])))
    records = rows + len(faults) + int(file.headed)
    # An opened quote that is not closed makes the rest of the file one field; its rows must not vanish in silence.
    if counted.quotes % 2 and counted.lines > records:
        raise BadInput(f"{file.path} opens a quote near line {records} that is never closed; close it or take it out.")


def _decoded(frame: pl.DataFrame) -> pl.DataFrame:
    """Bytes as UTF-8, with the replacement character where they are not."""
    try:
        return frame.cast(pl.String)
    except pl.exceptions.PolarsError:
        lossy = {
            name: [None if value is None else value.decode("utf-8", "replace") for value in frame[name]]
            for name in frame.columns
        }
        return pl.DataFrame(lossy, schema=dict.fromkeys(frame.columns, pl.String))


def _parquet(file: LogFile, columns: list[str], faults: list[Fault]) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    for batch in parquet_file(file.path).iter_batches(batch_size=BATCH_ROWS, columns=columns):
        frame = pl.DataFrame(pa.Table.from_batches([batch]))
        yield frame.with_columns([_list_text(name) for name, kind in frame.schema.items() if isinstance(kind, pl.List)])


def _list_text(name: str) -> pl.Expr:
    """A list as the text JSON lines would hold: `[1, 2]`."""
    items = pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(", ")
    return pl.format("[{}]", items).alias(name)


def lines(path: Path, encoding: str = "utf8") -> Iterator[pl.DataFrame]:
    """The lines of a text file, blank ones left out: `line` (from 1) and `text`, in blocks of bounded size."""
    start, rest = 1, b""
    with open_bytes(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                frame = _numbered(whole, start, encoding)
                start += frame.height
                yield _filled(frame)
    if rest:
        yield _filled(_numbered(rest, start, encoding))


def _numbered(block: bytes, start: int, encoding: str) -> pl.DataFrame:
    text = pl.Series("text", [block.decode(encoding, errors="replace")]).str.split("\n").explode()
    return text.str.strip_suffix("\r").to_frame().with_row_index("line", offset=start)


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("text").str.strip_chars() != "")


def _split(file: LogFile, columns: list[str], faults: list[Fault]) -> Iterator[pl.DataFrame]:
    """Files whose delimiter is longer than a character, as `::` of MovieLens 1M."""
    width, seen = len(file.names), 0
    for block in lines(file.path, file.encoding):
        fields = block.with_columns(pl.col("text").str.split(file.delimiter).alias("fields"))
        whole = pl.col("fields").list.len() == width
        records = fields.with_row_index("at", offset=seen + 1)
        for at, text, count in records.filter(~whole).select("at", "text", pl.col("fields").list.len()).iter_rows():
            faults.append(Fault(at, f"{count} fields instead of {width}", text[:200]))
        seen += block.height
        chosen = [pl.col("fields").list.get(file.names.index(name)).alias(name) for name in columns]
        yield fields.filter(whole).select(chosen)


def _jsonl(file: LogFile, columns: list[str], faults: list[Fault]) -> Iterator[pl.DataFrame]:
    schema, seen = dict.fromkeys(columns, pl.String()), 0
    for block in lines(file.path):
        try:
            text = block["text"].str.join("\n").item()
            frame = pl.read_ndjson(text.encode(), schema=schema)
            assert frame.height == block.height
        except (pl.exceptions.PolarsError, AssertionError, ValueError):
            frame = _rescued(block["text"], columns, seen, faults)
        seen += block.height
        yield frame


def _rescued(texts: pl.Series, columns: list[str], seen: int, faults: list[Fault]) -> pl.DataFrame:
    """A block of JSON lines with a broken one among them, line by line."""
    rows: list[list[str | None]] = []
    for at, text in enumerate(texts, start=seen + 1):
        try:
            tree = orjson.loads(text)
            rows.append([_as_text(tree.get(name)) for name in columns])
        except (orjson.JSONDecodeError, AttributeError):
            faults.append(Fault(at, "not a JSON object", text[:200]))
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str | None) else orjson.dumps(value).decode()

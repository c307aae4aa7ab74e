"""The embedded topic log: append-only segment files with a checksum a record.

A partition is a row of files `0000000000000000.log`, named by the offset of their first record. A record is framed as
(length, CRC-32, simulated time, key length) and then key and value. A torn record at the end of the last file, as a
kill leaves it, is cut off on opening; a damaged one before that is an error, because something acknowledged is lost.
"""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import BinaryIO, Self
from weakref import finalize

import orjson

from recsim.components.topics import Delivery, Record, partition_for
from recsim.errors import BadInput
from recsim.runs import write_json

_FRAME = struct.Struct("<IIqI")
"""Bytes after the frame, their CRC-32, time, bytes of the key."""

SEGMENT_BYTES = 16 << 20
"""A segment that has grown to this is closed and a new one begun."""

PARTITIONS = 4


@dataclass
class _Partition:
    """The open end of a partition.

    `index` holds (base offset, file) of each segment, `end` the next offset, `bytes_at` where in its segment an offset
    begins at which some group stopped reading.
    """

    folder: Path
    index: list[tuple[int, Path]] = field(default_factory=list)
    end: int = 0
    size: int = 0
    out: BinaryIO | None = None
    bytes_at: dict[int, int] = field(default_factory=dict)


class SegmentLog:
    """`embedded:/path/log` in a directory that stays, `embedded:` in one that is removed at the end.

    `sync` asks the disk for every append (`fsync`): then a power cut loses nothing either; without it only a crash of
    the process is survived.
    """

    def __init__(
        self, directory: Path, *, partitions: int = PARTITIONS, sync: bool = False, temporary: bool = False
    ) -> None:
        self._directory = directory
        self._partitions = partitions
        self._sync = sync
        self._open: dict[str, list[_Partition]] = {}
        self._positions: dict[tuple[str, str], list[int]] = {}
        self._lock = RLock()
        self._removal = finalize(self, shutil.rmtree, directory, ignore_errors=True) if temporary else None

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open or make the log; raises `BadInput` where the path can't hold one."""
        name = url.removeprefix("embedded:").removeprefix("//")
        if not name:
            return cls(Path(tempfile.mkdtemp(prefix="recsim-log-")), temporary=True)
        if not Path(name).parent.is_dir():
            raise BadInput(f"{url}: there is no directory {Path(name).parent}; make it, or use embedded: for scratch.")
        return cls(Path(name))

    def append(self, topic: str, records: Sequence[Record]) -> list[tuple[int, int]]:
        with self._lock:
            parts = self._topic(topic)
            placed, touched = [], set()
            for record in records:
                number = partition_for(record.key, len(parts))
                placed.append((number, self._write(parts[number], record)))
                touched.add(number)
            for number in touched:
                out = parts[number].out
                assert out is not None
                out.flush()
                if self._sync:
                    os.fsync(out.fileno())
            return placed

    def _write(self, part: _Partition, record: Record) -> int:
        if part.out is None or part.size >= SEGMENT_BYTES:
            self._roll(part)
        assert part.out is not None
        key = record.key.encode()
        body = key + record.value
        frame = _FRAME.pack(len(body), zlib.crc32(body), record.at_us, len(key))
        part.out.write(frame + body)
        part.size += len(frame) + len(body)
        part.end += 1
        return part.end - 1

    def _roll(self, part: _Partition) -> None:
        """Open the end of the partition, in a new file where the last one is full."""
        if part.out is not None:
            part.out.close()
        if not part.index or part.size >= SEGMENT_BYTES:
            part.index.append((part.end, part.folder / f"{part.end:016d}.log"))
            part.size = 0
        part.out = part.index[-1][1].open("ab")

    def fetch(self, topic: str, group: str, limit: int) -> list[Delivery]:
        with self._lock:
            parts = self._topic(topic)
            positions = self._position(topic, group)
            found: list[Delivery] = []
            for number, part in enumerate(parts):
                if len(found) < limit:
                    read = list(islice(_from(part, positions[number]), limit - len(found)))
                    found += [Delivery(number, offset, record) for offset, record, _ in read]
                    if read:
                        offset, _, following = read[-1]
                        part.bytes_at.pop(positions[number], None)
                        part.bytes_at[offset + 1] = following
                        positions[number] = offset + 1
            return found

    def commit(self, topic: str, group: str) -> None:
        with self._lock:
            positions = self._position(topic, group)
            write_json(self._directory / topic / f"{group}.group.json", positions)

    def rewind(self, topic: str, group: str) -> None:
        with self._lock:
            self._positions.pop((topic, group), None)

    def retain(self, topic: str, *, since_us: int) -> int:
        """Remove closed segments whose every record is older than an instant; returns how many records went."""
        removed = 0
        with self._lock:
            for part in self._topic(topic):
                while len(part.index) > 1 and all(record.at_us < since_us for record, _ in _records(part.index[0][1])):
                    base, path = part.index.pop(0)
                    path.unlink()
                    removed += part.index[0][0] - base
        return removed

    def end(self, topic: str) -> list[int]:
        """The next offset of each partition."""
        with self._lock:
            return [part.end for part in self._topic(topic)]

    def close(self) -> None:
        with self._lock:
            for parts in self._open.values():
                for part in parts:
                    if part.out is not None:
                        part.out.close()
            self._open.clear()
            if self._removal:
                self._removal()

    def _position(self, topic: str, group: str) -> list[int]:
        if (topic, group) not in self._positions:
            saved = self._directory / topic / f"{group}.group.json"
            self._positions[topic, group] = (
                orjson.loads(saved.read_bytes()) if saved.exists() else [0] * len(self._topic(topic))
            )
        return self._positions[topic, group]

    def _topic(self, topic: str) -> list[_Partition]:
        if topic not in self._open:
            if not topic.replace("-", "").replace("_", "").isalnum():
                raise BadInput(f'"{topic}" is no name for a topic; use letters, digits, "-" and "_".')
            self._open[topic] = [
                _recovered(self._directory / topic / f"{number:04d}") for number in range(self._partitions)
            ]
        return self._open[topic]


def _records(path: Path, start: int = 0) -> Iterator[tuple[Record, int]]:
    """The whole records of a segment from a byte on, each with the byte after it; stops at a torn one."""
    data = path.read_bytes()
    at = start
    while at + _FRAME.size <= len(data):
        length, check, at_us, key = _FRAME.unpack_from(data, at)
        body = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(body) < length or zlib.crc32(body) != check:
            return
        at += _FRAME.size + length
        yield Record(body[:key].decode(), body[key:], at_us), at


def _from(part: _Partition, start: int) -> Iterator[tuple[int, Record, int]]:
    """(offset, record, byte after it) of a partition from an offset on; what retention has removed is skipped."""
    for place, (base, path) in enumerate(part.index):
        following = part.index[place + 1][0] if place + 1 < len(part.index) else part.end
        if following <= start:
            continue
        known = part.bytes_at.get(start, 0) if base < start else 0
        first = start if known else base
        for step, (record, after) in enumerate(_records(path, known)):
            if first + step >= start:
                yield first + step, record, after


def _recovered(folder: Path) -> _Partition:
    """A partition as it stands on disk, its torn end cut off."""
    folder.mkdir(parents=True, exist_ok=True)
    part = _Partition(folder)
    files = sorted(folder.glob("*.log"))
    for place, path in enumerate(files):
        base, whole, count = int(path.stem), 0, 0
        for _, after in _records(path):
            whole, count = after, count + 1
        last = place == len(files) - 1
        if whole < path.stat().st_size and not last:
            raise BadInput(f"{path} is damaged after {count:,} records; restore it from a copy, or remove the log.")
        if last:
            os.truncate(path, whole)
        part.index.append((base, path))
        part.end, part.size = base + count, whole
    return part

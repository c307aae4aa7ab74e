"""The topic log: what services append to before they acknowledge, and what background workers read.

A topic has a fixed number of partitions; records of one key are in one partition, in order. Delivery is at least once:
a group that ends before it commits sees the same records again.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """One message: `key` decides the partition, `value` is opaque bytes, `at_us` the simulated time it was written."""

    key: str
    value: bytes
    at_us: int


@dataclass(frozen=True)
class Delivery:
    """A record where it stands in the log."""

    partition: int
    offset: int
    record: Record


class TopicLog(Protocol):
    """Partitioned, ordered by key, at least once, with consumer groups."""

    def append(self, topic: str, records: Sequence[Record]) -> list[tuple[int, int]]:
        """Write; (partition, offset) of each. When this returns, the records survive a crash of the process."""
        ...

    def fetch(self, topic: str, group: str, limit: int) -> list[Delivery]:
        """At most `limit` records that the group has not fetched yet, in order within a partition."""
        ...

    def commit(self, topic: str, group: str) -> None:
        """What the group has fetched is done: its successor starts after it."""
        ...

    def rewind(self, topic: str, group: str) -> None:
        """Back to the last commit: what the successor of a crashed consumer sees."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def partition_for(key: str, partitions: int) -> int:
    """CRC-32 of the key, as librdkafka's `consistent` partitioner does it."""
    return zlib.crc32(key.encode()) % partitions

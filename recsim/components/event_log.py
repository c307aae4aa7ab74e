"""The event log: partitions by user, deliveries in order of arrival, read a day of a partition at a time.

Deliveries are at-least-once and out of order. A reader that works by event time and closes a day at midnight has two
things to mind: deliveries filed under a day that belong to the next one (a session that crosses midnight), which come
with `read`, and deliveries filed under the next day that still belong to this one, which come with `stragglers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.schema.tables import DEVICES, EVENT_TYPES

COLUMNS = (
    "event_id", "event_type", "event_timestamp", "user_id", "product_id", "device", "tenant", "reference_id",
    "arrival_delay_ms",
)  # fmt: skip
MISSING = -1
"""Stands for null in a column of ids or codes."""


@dataclass(frozen=True)
class Deliveries:
    """n deliveries in order of arrival, as columns of n. Nulls are `MISSING`."""

    event_id: NDArray[np.int64]
    event_type: NDArray[np.int8]
    """position in `EVENT_TYPES`; `MISSING` for a type that is none of the nine"""
    event_us: NDArray[np.int64]
    user_id: NDArray[np.int64]
    product_id: NDArray[np.int64]
    device: NDArray[np.int16]
    """position in `EventLog.devices`"""
    tenant: NDArray[np.int16]
    """position in `EventLog.tenants`"""
    reference_id: NDArray[np.int64]
    delay_ms: NDArray[np.int32]
    """from the event to its arrival in the log"""

    def __len__(self) -> int:
        return len(self.event_id)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Deliveries:
        """The rows of a mask, or of positions in their order."""
        return Deliveries(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def concat(cls, parts: Sequence[Deliveries]) -> Deliveries:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})

    @classmethod
    def empty(cls) -> Deliveries:
        long, code = np.empty(0, np.int64), np.empty(0, np.int16)
        return cls(long, np.empty(0, np.int8), long, long, long, code, code, long, np.empty(0, np.int32))


class EventLog:
    """The `events` table of a world as a log. `devices` and `tenants` grow as new names turn up, in reading order."""

    def __init__(self, world: Dataset) -> None:
        self.world = world
        self.days = world.days("events")
        self.partitions = world.partitions("events")
        self.devices: list[str] = list(DEVICES)
        self.tenants: list[str] = []
        self._filed: dict[tuple[str, int], list[Path]] = defaultdict(list)
        for file in world.files("events"):
            day, partition = file.parent.name.removeprefix("day="), int(file.stem.rpartition("-")[2])
            self._filed[day, partition].append(file)

    @classmethod
    def open(cls, world: Dataset) -> Self:
        """The log of a world; raises `BadInput` where the world has none."""
        log = cls(world)
        if not log.days:
            raise BadInput(
                f"world {world.path} has no event log to replay; it has {', '.join(world.tables()) or 'no tables'}: "
                "`recsim evaluate` may take it."
            )
        return log

    def read(self, day: str, partition: int) -> Deliveries:
        """All deliveries filed under a day in one partition."""
        parts = [self._decode(pq.ParquetFile(file), None) for file in self._filed[day, partition]]
        return Deliveries.concat(parts) if parts else Deliveries.empty()

    def stragglers(self, day: str, partition: int, *, before_us: int, within_ms: int) -> Deliveries:
        """Deliveries filed under `day` of events before an instant that took at most `within_ms` to arrive.

        Row groups whose statistics show no such event are not read.
        """
        parts = []
        for file in self._filed[day, partition]:
            parquet = pq.ParquetFile(file)
            groups = [group for group in range(parquet.num_row_groups) if _earliest_us(parquet, group) < before_us]
            if groups:
                batch = self._decode(parquet, groups)
                parts.append(batch.take((batch.event_us < before_us) & (batch.delay_ms <= within_ms)))
        return Deliveries.concat(parts) if parts else Deliveries.empty()

    def _decode(self, parquet: Any, groups: list[int] | None) -> Deliveries:  # noqa: ANN401 - pyarrow has no types
        try:
            chosen = list(range(parquet.num_row_groups)) if groups is None else groups
            table = parquet.read_row_groups(chosen, columns=list(COLUMNS), use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise BadInput(
                f"the event log of {self.world.path} can't be read ({error}); make the world again."
            ) from None
        numbers = {name: _numbers(table.column(name)) for name in ("event_id", "user_id", "product_id", "reference_id")}
        return Deliveries(
            event_id=numbers["event_id"],
            event_type=_codes(table.column("event_type"), list(EVENT_TYPES), grow=False).astype(np.int8),
            event_us=_numbers(table.column("event_timestamp").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())),
            user_id=numbers["user_id"],
            product_id=numbers["product_id"],
            device=_codes(table.column("device"), self.devices, grow=True),
            tenant=_codes(table.column("tenant"), self.tenants, grow=True),
            reference_id=numbers["reference_id"],
            delay_ms=_numbers(table.column("arrival_delay_ms"), np.int32),
        )


def _earliest_us(parquet: Any, group: int) -> int:  # noqa: ANN401 - pyarrow has no types
    """The smallest event time of a row group, or the beginning of time where it is not recorded."""
    position = parquet.schema_arrow.get_field_index("event_timestamp")
    statistics = parquet.metadata.row_group(group).column(position).statistics
    if statistics is None or not statistics.has_min_max:
        return -(2**63)
    return int(np.datetime64(statistics.min.replace(tzinfo=None), "us").astype(np.int64))


def _numbers(column: Any, dtype: type[np.generic] = np.int64) -> NDArray[Any]:  # noqa: ANN401 - an Arrow column
    if column.null_count:
        column = pc.fill_null(column, MISSING)
    numbers = np.ascontiguousarray(column.to_numpy(), dtype)
    return numbers if numbers.flags.writeable else numbers.copy()


def _codes(column: Any, names: list[str], *, grow: bool) -> NDArray[np.int16]:  # noqa: ANN401 - an Arrow column
    """Positions in `names` of a column of strings; a name that is not there is appended, or `MISSING`."""
    parts = [np.empty(0, np.int16)]
    for chunk in column.chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        present = encoded.dictionary.to_pylist()
        if grow:
            names.extend(name for name in present if name is not None and name not in names)
        known = {name: code for code, name in enumerate(names)}
        table = np.array([known.get(name, MISSING) for name in present] + [MISSING], np.int16)
        indices = pc.fill_null(encoded.indices, len(present)) if encoded.null_count else encoded.indices
        parts.append(table[indices.to_numpy(zero_copy_only=False)])
    return np.concatenate(parts)

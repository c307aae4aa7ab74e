"""The law of the stream plane: order of arrival within the allowed lateness, and repeats, change nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from log_world import DAY_US, MIDNIGHT_US, event, write_world

from recsim.progress import silent
from recsim.replay.lake import read_lake
from recsim.replay.stream import StreamPlane
from recsim.scenario.system import Stream
from recsim.schema import EVENT_TYPES

LATENESS_MS = 3_600_000
DAYS = 2

moments = st.integers(0, DAYS * DAY_US - 1) | st.integers(DAY_US - 3_600_000_000, DAY_US + 3_600_000_000)
clean_events = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(EVENT_TYPES), moments, st.integers(0, 9)), min_size=1, max_size=40
)
deliveries = st.lists(st.tuples(st.integers(0, LATENESS_MS), st.booleans(), st.integers(0, LATENESS_MS)), min_size=40)


@given(clean_events, deliveries)
@settings(max_examples=25, deadline=None)
def test_disorder_and_repeats_change_neither_sessions_nor_features(
    clean: list[tuple[int, str, int, int]], noise: list[tuple[int, bool, int]]
) -> None:
    punctual = [event(n, user, kind, at, product) for n, (user, kind, at, product) in enumerate(clean)]
    messy = []
    for row, (delay_ms, twice, again_ms) in zip(punctual, noise, strict=False):
        messy.append({**row, "arrival_delay_ms": delay_ms})
        if twice:
            messy.append({**row, "arrival_delay_ms": again_ms})
    assert taken_in(messy) == taken_in(punctual)


def taken_in(events: list[dict[str, Any]]) -> tuple[object, ...]:
    """Everything the stream plane derives: as-of rows and lake of all days, and the features at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        # an empty event at both ends, so that both logs have the same days
        ends = [event(10**6, 4, "session_start", 0), event(10**6 + 1, 4, "session_start", DAYS * DAY_US)]
        world = write_world(Path(scratch) / "w", [*events, *ends])
        plane = StreamPlane(world, Stream(), Path(scratch) / "lake", sampled=np.ones(world.users, np.bool_))
        days = [plane.run_day(day, progress=silent) for day in plane.days]
        rows = plane.feature_rows(np.arange(5), MIDNIGHT_US + 3 * DAY_US)
        lake = [read_lake(plane.lake, [day]).to_pylist() for day in plane.days]
        features = [column.tolist() for column in vars(rows).values()]
        return [day.as_of.to_pylist() for day in days], [day.sessions for day in days], lake, features

"""Which requests of the log are really made: all of a sample of users, thinned where a day has too many.

A user is in the sample when the hash of their number falls below `requests.share`; a request stays when the hash of
the event that implies it is among the lowest `requests.limit_per_day` of the day. Neither depends on what else is in
the sample, so a larger share or limit only adds requests.

| event | request | surface |
|---|---|---|
| `session_start`, or a session's first event in a log without them | open the home page | home |
| `search_query` | search; what goes with the results | search; search_based |
| `view_product` | product page: similar, bought with it, because of the last one | product; bought; because |
| `add_to_cart` | additions to the cart | cart |

The requests of one event are made together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.components.recommendation import SURFACES
from recsim.components.search import ROUTE as SEARCH_ROUTE
from recsim.dataset import Dataset
from recsim.rng import words
from recsim.scenario.system import Requests

ROUTES = {surface: route for route, surface in SURFACES.items()} | {"search": SEARCH_ROUTE}

IMPLIED = {
    "session_start": ("home",),
    "search_query": ("search", "search_based"),
    "view_product": ("product", "bought", "because"),
    "add_to_cart": ("cart",),
}

_FAMILIES = {surfaces[0]: surfaces for surfaces in IMPLIED.values()}
_FAMILY = {name: len(surfaces) for name, surfaces in _FAMILIES.items()}
"""Requests that come with the first one of an event."""

_USERS = "requests/users"
_EVENTS = "requests/events"


def sampled_users(users: int, requests: Requests, seed: int) -> NDArray[np.bool_]:
    """The mask [users] of users whose requests are made."""
    draws = words(seed, _USERS, np.arange(users, dtype=np.uint64))[:, 0]
    return np.asarray(draws < round(requests.share * 2**32))


@dataclass(frozen=True)
class Plan:
    """The requests of a day in order of time: `rows[n]` into the day's as-of table and the `surfaces[n]` to ask."""

    rows: NDArray[np.int64]
    surfaces: list[str]

    def __len__(self) -> int:
        return len(self.rows)


def plan_day(as_of: pa.Table, requests: Requests, seed: int, *, has_starts: bool) -> Plan:
    """The requests that a day's events of sampled users imply, thinned to the limit."""
    kinds = pc.cast(as_of["event_type"], pa.string()).to_pylist()
    rows = [row for row, kind in enumerate(kinds) if kind in IMPLIED]
    asked = [IMPLIED[kind][0] for kind in kinds if kind in IMPLIED]
    if not has_starts:
        opening = as_of["session_clicks"].to_numpy() == 0
        opening &= as_of["session_duration_s"].to_numpy() == 0
        first = _first_of_session(as_of) & opening
        starts = np.flatnonzero(first)
        rows = [*starts.tolist(), *rows]
        asked = ["home"] * len(starts) + asked
    wanted = np.array(rows, np.int64)
    names = np.array([str(name) for name in asked], dtype=object)
    sizes = np.array([_FAMILY[name] for name in asked], np.int64)
    keep = _lowest(as_of["event_id"].to_numpy()[wanted], names == "home", sizes, requests.limit_per_day, seed)
    order = np.flatnonzero(keep)
    order = order[np.lexsort((names[order] != "home", wanted[order]))]
    surfaces = [surface for name in names[order] for surface in _FAMILIES[name]]
    return Plan(np.repeat(wanted[order], sizes[order]), surfaces)


def _first_of_session(as_of: pa.Table) -> NDArray[np.bool_]:
    """Which rows are the first of their session in this table."""
    sessions = as_of["session"].to_numpy()
    first = np.zeros(len(sessions), np.bool_)
    first[np.unique(sessions, return_index=True)[1]] = True
    return first


def _lowest(
    events: NDArray[np.int64], home: NDArray[np.bool_], sizes: NDArray[np.int64], limit: int, seed: int
) -> NDArray[np.bool_]:
    """Which of n pages of `sizes[n]` requests have the lowest hashes, as many as make `limit` requests at most (a home
    page hashes apart from its event's other one)."""
    if int(sizes.sum()) <= limit:
        return np.ones(len(events), np.bool_)
    drawn = words(seed, _EVENTS, events.astype(np.uint64)).astype(np.uint64)
    hashed = np.where(home, drawn[:, 2] << np.uint64(32) | drawn[:, 3], drawn[:, 0] << np.uint64(32) | drawn[:, 1])
    chosen = np.zeros(len(events), np.bool_)
    order = np.lexsort((events, hashed))
    chosen[order[np.cumsum(sizes[order]) <= limit]] = True
    return chosen


def names_session_starts(world: Dataset) -> bool:
    """Whether the log has `session_start` events: a real log that lacks them opens the home page with a first view."""
    for day in world.days():
        kinds = world.read("events", day=day, columns=["event_type"])["event_type"]
        if len(kinds):
            return bool(pc.any(pc.equal(pc.cast(kinds, pa.string()), "session_start")).as_py())
    return False

"""Which requests of the log are really made: all of a sample of users, thinned where a day has too many.

A user is in the sample when the hash of their number falls below `requests.share`; a request stays when the hash of
the event that implies it is among the lowest `requests.limit_per_day` of the day. Neither depends on what else is in
the sample, so a larger share or limit only adds requests.

| event | request | surface |
|---|---|---|
| `session_start`, or a session's first event in a log without them | open the home page | home |
| `search_query` | search | search |
| `view_product` | product page with similar products | product |
| `add_to_cart` | additions to the cart | cart |
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

ROUTES = {"home": "/v1/home", "search": SEARCH_ROUTE, "product": "/v1/product", "cart": "/v1/cart"}
assert {ROUTES[surface]: surface for surface in SURFACES.values()} == SURFACES

IMPLIED = {"session_start": "home", "search_query": "search", "view_product": "product", "add_to_cart": "cart"}

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
    surfaces = [IMPLIED.get(kind) for kind in kinds]
    rows = [row for row, surface in enumerate(surfaces) if surface is not None]
    asked = [str(surfaces[row]) for row in rows]
    if not has_starts:
        opening = as_of["session_clicks"].to_numpy() == 0
        opening &= as_of["session_duration_s"].to_numpy() == 0
        first = _first_of_session(as_of) & opening
        starts = np.flatnonzero(first)
        rows = [*starts.tolist(), *rows]
        asked = ["home"] * len(starts) + asked
    wanted = np.array(rows, np.int64)
    names = np.array([str(name) for name in asked], dtype=object)
    keep = _lowest(as_of["event_id"].to_numpy()[wanted], names == "home", requests.limit_per_day, seed)
    order = np.flatnonzero(keep)
    order = order[np.lexsort((names[order] != "home", wanted[order]))]
    return Plan(wanted[order], [str(name) for name in names[order]])


def _first_of_session(as_of: pa.Table) -> NDArray[np.bool_]:
    """Which rows are the first of their session in this table."""
    sessions = as_of["session"].to_numpy()
    first = np.zeros(len(sessions), np.bool_)
    first[np.unique(sessions, return_index=True)[1]] = True
    return first


def _lowest(events: NDArray[np.int64], home: NDArray[np.bool_], limit: int, seed: int) -> NDArray[np.bool_]:
    """Which of n requests have the `limit` lowest hashes (a home request hashes apart from its event's other one)."""
    if len(events) <= limit:
        return np.ones(len(events), np.bool_)
    drawn = words(seed, _EVENTS, events.astype(np.uint64)).astype(np.uint64)
    hashed = np.where(home, drawn[:, 2] << np.uint64(32) | drawn[:, 3], drawn[:, 0] << np.uint64(32) | drawn[:, 1])
    chosen = np.zeros(len(events), np.bool_)
    chosen[np.lexsort((events, hashed))[:limit]] = True
    return chosen


def names_session_starts(world: Dataset) -> bool:
    """Whether the log has `session_start` events: a real log that lacks them opens the home page with a first view."""
    for day in world.days():
        kinds = world.read("events", day=day, columns=["event_type"])["event_type"]
        if len(kinds):
            return bool(pc.any(pc.equal(pc.cast(kinds, pa.string()), "session_start")).as_py())
    return False

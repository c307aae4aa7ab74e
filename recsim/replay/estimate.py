"""What a replay will read, make and take, before it starts; and whether there is anything to replay."""

from __future__ import annotations

from typing import Any

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.scenario import Scenario
from recsim.scenario.activity import registered

EVENTS_PER_SESSION = 7.3
STREAM_EVENTS_PER_S = 2.0e6
REQUEST_S = 0.75e-3
MIDNIGHT_S = 0.1
PAIR_S = 6.5e-7
"""CPU of a user-product pair in one sweep of 64 factors."""
PAIRS_PER_EVENT = 0.24
PRODUCT_S = 4e-5
LAKE_BYTES = 13.0
IMPRESSION_BYTES = 5.5
CALL_BYTES = 36.0
BASE_BYTES = 350e6
"""All measured by replaying the small scenario, on one core; the memory by its peak less what the arrays hold."""


def check_world(world: Dataset) -> None:
    """Raises `BadInput` for a world that has nothing to replay."""
    if not world.days() or world.first_day is None:
        judged = world.has("interactions") or world.has("reviews")
        remedy = f"run `recsim evaluate {world.path}` on it instead" if judged else "name another --world"
        raise BadInput(f"world {world.path} has no event log with times, so there is nothing to replay; {remedy}.")


def estimate(scenario: Scenario, world: Dataset | None, *, events: int = 0) -> dict[str, Any]:
    """Rows, bytes, minutes of one core and memory; from the world's own figures where it is there already.

    `events` are those expected of a world that is still to be made; all figures are modelled.
    """
    if world is not None:
        check_world(world)
        users, products, days = world.users, world.products, len(world.days())
        events = int(world.manifest.facts["events"])
    else:
        users, products, days = registered(scenario.users), scenario.products.count, scenario.calendar.days
        events = events or round(users * scenario.users.sessions_per_day * days * EVENTS_PER_SESSION)
    requests = round(days * min(scenario.requests.limit_per_day, events / days * scenario.requests.share))
    impressions = requests * scenario.ranking.slate
    vectors_bytes = (users + products) * scenario.training.factors * 4
    stored_bytes = events * LAKE_BYTES + impressions * IMPRESSION_BYTES + requests * CALL_BYTES
    cpu_s = (
        events / STREAM_EVENTS_PER_S + requests * REQUEST_S + products * PRODUCT_S + _training_s(scenario, events, days)
    )
    return {
        "provenance": "modelled",
        "days": days,
        "events": events,
        "requests": requests,
        "impressions": impressions,
        "bytes": round(stored_bytes + 2 * vectors_bytes),
        "minutes": round(cpu_s / 60, 3),
        "memory_bytes": round(BASE_BYTES + 4 * vectors_bytes + products * 3_000 + events / days * 400),
    }


def _training_s(scenario: Scenario, events: int, days: int) -> float:
    """CPU of all midnights: the window fills up over its first days, so a mean one holds about half of it."""
    training = scenario.training
    window_events = events * min(1.0, training.window_days / days) * (0.5 if days <= training.window_days else 1.0)
    sweep_s = window_events * PAIRS_PER_EVENT * PAIR_S * training.factors / 64
    return days * (MIDNIGHT_S + training.iterations * sweep_s)

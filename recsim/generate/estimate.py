"""What a scenario would cost, before it is made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from recsim.behaviour.rules import activity, day_shares, session_length
from recsim.scenario import Scenario
from recsim.scenario.activity import daily_active, present_share, registered

EVENTS_PER_CPU_S = 1_800_000
USER_CPU_S = 1.4e-6
PRODUCT_CPU_S = 5e-6
REVIEW_CPU_S = 2e-6
USER_BYTES = 37.0
PRODUCT_BYTES = 80.0
REVIEW_BYTES = 43.0
SESSION_BYTES = 10.5
QUERY_BYTES = 20.0
BASE_MEMORY_BYTES = 415e6
MEMORY_AN_EVENT_BYTES = 50
"""Time: `10m` whole (version 4 of the model; 157 CPU s, these say 152). Memory: chunks of `10m` and a world of a
million users. Bytes: worlds of 100,000 to 40 million users. Time of a product and an old review, assumed: they only
weigh the catalogue's files in the time left."""


def estimate(scenario: Scenario) -> dict[str, Any]:
    """Rows a table, bytes on disk, minutes of one core and memory of one worker; all modelled from the scenario."""
    users, days = registered(scenario.users), scenario.calendar.days
    rows = _daily_rows(scenario, users)
    chunk_events = rows["events"] / scenario.layout.partitions
    totals = {table: round(count * days) for table, count in rows.items()}
    old_reviews = _old_reviews(scenario)
    totals["reviews"] += old_reviews
    size = (
        totals["events"] * _event_bytes(users / scenario.layout.partitions)
        + users * USER_BYTES
        + scenario.products.count * PRODUCT_BYTES
        + totals["reviews"] * REVIEW_BYTES
        + totals["sessions"] * SESSION_BYTES
        + totals["queries"] * QUERY_BYTES
    )
    seconds = 1 + sum(jobs.cpu_s * jobs.number for jobs in _jobs(scenario, totals).values())
    return {
        "provenance": "modelled",
        "rows": {"users": users, "products": scenario.products.count, **totals},
        "daily_active": round(daily_active(scenario.users)),
        "disk_bytes": round(size),
        "core_minutes": round(seconds / 60, 3),
        "memory_a_worker_bytes": round(
            BASE_MEMORY_BYTES + chunk_events * MEMORY_AN_EVENT_BYTES + scenario.products.count * 250
        ),
    }


class _Jobs(NamedTuple):
    """How many jobs of a kind there are, and the CPU seconds of one."""

    number: int
    cpu_s: float


def seconds_a_job(scenario: Scenario) -> dict[str, float]:
    """CPU seconds of a job of each kind (`products`, `users`, `events`), for the time left."""
    rows = estimate(scenario)["rows"]
    return {what: jobs.cpu_s for what, jobs in _jobs(scenario, rows).items()}


def _jobs(scenario: Scenario, rows: dict[str, int]) -> dict[str, _Jobs]:
    layout, products = scenario.layout, scenario.products.count
    files, chunks = -(-products // layout.products_per_file), layout.partitions * scenario.calendar.days
    catalogue_s = products * PRODUCT_CPU_S + _old_reviews(scenario) * REVIEW_CPU_S
    return {
        "products": _Jobs(files, catalogue_s / files),
        "users": _Jobs(layout.partitions, registered(scenario.users) * USER_CPU_S / layout.partitions),
        "events": _Jobs(chunks, rows["events"] / EVENTS_PER_CPU_S / chunks),
    }


def _event_bytes(users_a_file: float) -> float:
    """10.0 bytes with 25,000 users a file, 11.3 with 610,000: user ids are what compresses least."""
    return 6.0 + 0.92 * float(np.log10(max(users_a_file, 10.0)))


def _daily_rows(scenario: Scenario, users: int) -> dict[str, float]:
    behaviour = scenario.behaviour
    sessions = users * _sessions_a_user(scenario) * present_share(scenario.users, scenario.calendar.days)
    views = sessions * float(np.floor(session_length(behaviour)[1]).mean())
    carts = views * behaviour.cart_per_view
    purchases = carts * behaviour.purchase_per_cart
    reviews = purchases * behaviour.review_per_purchase
    votes = views * behaviour.vote_per_view * 0.97
    queries = sessions * behaviour.search_per_session * (1 + scenario.queries.refine_share)
    unique = 2 * sessions + views + carts + purchases + reviews + votes + queries
    return {
        "events": unique * (1 + scenario.transport.duplicate_share),
        "sessions": sessions,
        "queries": queries,
        "reviews": reviews,
        "votes": votes,
    }


def _sessions_a_user(scenario: Scenario) -> float:
    """E[min(S, most)] for Poisson S of lognormal mean, over the activity table."""
    from scipy.stats import poisson

    middle = activity(scenario)[1]
    mean = np.clip((middle[:-1] + middle[1:]) / 2, 0, 1e6).astype(np.float64)
    counts = np.arange(scenario.users.sessions_per_day_max)
    shares = day_shares(scenario.calendar)
    days = [(share, float((shares == share).mean())) for share in np.unique(shares)]
    return sum(
        part * float(poisson.sf(counts[None, :], share * mean[:, None]).sum(axis=1).mean()) for share, part in days
    )


def _old_reviews(scenario: Scenario) -> int:
    products = scenario.products
    return round(products.count * products.reviews_median * float(np.exp(products.reviews_sigma**2 / 2)))

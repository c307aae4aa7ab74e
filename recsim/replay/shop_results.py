"""What the shop's boxes have done in a replay: counts, what must hold, and who can be reached by push."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from recsim.components import COMPONENTS
from recsim.components.push import Device, Platform
from recsim.dataset import Dataset
from recsim.replay.invariants import invariant
from recsim.replay.shop import Shop
from recsim.schema.wire import wire_id

PLATFORMS: tuple[Platform, Platform] = ("android", "ios")


def devices_of(world: Dataset, sampled: NDArray[np.bool_]) -> list[Device]:
    """The sampled users that carry a telephone: every second one an iPhone (assumed), by number."""
    names = ["user_id", "key", "tenant", "device", "segments"]
    users = world.frame("users", columns=names).sort("user_id").filter(pl.Series(sampled))
    return [
        Device(wire_id("user", user, key), tenant, PLATFORMS[user % 2], frozenset(segments or ()))
        for user, key, tenant, device, segments in users.iter_rows()
        if device == "mobile"
    ]


def boxes_of(calls: pa.Table) -> list[dict[str, Any]]:
    """One row a box that was called: its name, what it stands for, and how often its hops ended how."""
    frame = pl.from_arrow(calls.select(["component", "outcome"]))
    assert isinstance(frame, pl.DataFrame)
    counted = frame.with_columns(pl.all().cast(pl.String)).group_by("component", "outcome").len()
    rows: dict[str, dict[str, int]] = {}
    for component, outcome, count in counted.sort("component", "outcome").iter_rows():
        rows.setdefault(component, {})[outcome] = count
    return [
        {
            "box": name,
            "stands_for": COMPONENTS[name].stands_for if name in COMPONENTS else "",
            "calls": sum(outcomes.values()),
            "outcomes": outcomes,
        }
        for name, outcomes in sorted(rows.items())
    ]


def shop_of(shop: Shop, outcomes: dict[tuple[str, str], int], suspects: int) -> dict[str, Any]:
    """The `shop` part of the results."""
    by_route: dict[str, dict[str, int]] = {}
    for (route, outcome), count in sorted(outcomes.items()):
        by_route.setdefault(route, {})[outcome] = count
    edge = shop.edge
    return {
        "requests": by_route,
        "edge_cache": {
            "policy": edge.policy,
            "requests": edge.total.requests,
            "hit_share": round(edge.total.hit_share, 6),
            "origin_bytes": edge.total.origin_bytes,
            "first_hour_hit_share": round(edge.windows[min(edge.windows)].hit_share, 6) if edge.windows else 0.0,
        },
        "votes": {"acknowledged": shop.votes_acknowledged, "suspected_ring_members": suspects},
        "push": [
            {
                "campaign": campaign.name, "tenant": campaign.tenant, "audience": done.audience, "sent": done.sent,
                "held_back": done.held_back, "given_up": done.given_up,
            }
            for campaign, done in shop.campaigns
        ],
    }  # fmt: skip


def shop_invariants(shop: Shop) -> list[dict[str, Any]]:
    """What must hold of the shop at the end of a replay."""
    events = [orjson.loads(value) for value in shop.logged()]
    return [_stock(shop), _orders(shop, events), _reviews(shop), _pushed(shop)]


def _stock(shop: Shop) -> dict[str, Any]:
    """Units sold of a product are those the stock has less; none is below zero."""
    over = wrong = 0
    catalogue = shop.catalogue
    sold: dict[tuple[str, str], int] = {}
    for (buyer, product), units in shop.sold.items():
        tenant = buyer.split("\x1f")[0]
        sold[tenant, product] = sold.get((tenant, product), 0) + units
    for code, tenant in enumerate(catalogue.tenants):
        own = np.flatnonzero(catalogue.tenant == code).tolist()
        left = shop.inventory.available([catalogue.keys[number] for number in own], tenant=tenant)
        for number, free in zip(own, left, strict=True):
            over += free is None or free < 0
            wrong += free != int(catalogue.quantity[number]) - sold.get((tenant, catalogue.keys[number]), 0)
    return invariant("no unit is sold twice", int(over + wrong), f"{sum(sold.values()):,} units sold")


def _orders(shop: Shop, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Every acknowledged order is in the log, each of its lines once."""
    logged = [event["event_id"] for event in events if event["event_type"] == "purchase"]
    orders = {(event["tenant"], event["session"].removeprefix("order_")) for event in events}
    lost = len(shop.acknowledged["orders"] - orders) + len(logged) - len(set(logged))
    return invariant(
        "every acknowledged order is in the log once", lost, f"{len(shop.acknowledged['orders']):,} orders"
    )


def _reviews(shop: Shop) -> dict[str, Any]:
    """Every acknowledged review is in the store and has left the outbox for the index."""
    waiting = {(tenant, review.review_id) for tenant, review in shop.store.unpublished(1_000_000)}
    lost = sum(
        shop.store.get([review], tenant=tenant)[0] is None or (tenant, review) in waiting
        for tenant, review in shop.acknowledged["reviews"]
    )
    return invariant(
        "every acknowledged review is kept and searchable", lost, f"{len(shop.acknowledged['reviews']):,} reviews"
    )


def _pushed(shop: Shop) -> dict[str, Any]:
    """Nobody was sent a campaign twice."""
    twice = sum(count - 1 for count in shop.provider.delivered.values())
    return invariant(
        "nobody is sent a campaign twice", twice, f"{sum(done.sent for _, done in shop.campaigns):,} messages"
    )

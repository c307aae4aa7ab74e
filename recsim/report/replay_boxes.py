"""The boxes a replay reached, by name; what the shop did; and requests by tenant and region."""

from __future__ import annotations

from typing import Any

from recsim.report import words
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.runfiles import Row, Run, distinct, figure, part, rows, word

MOST_CAMPAIGNS = 14
"""A longer table of campaigns is folded away."""


def boxes_block(run: Run) -> Block | None:
    """One row a box that was called: its name, the real service it stands for, its calls and how they ended."""
    boxes = rows(run.results, "boxes")
    if not boxes:
        return None
    cells = [
        (word(row, "box"), word(row, "stands_for"), words.count(figure(row, "calls")), _outcomes(part(row, "outcomes")))
        for row in boxes
    ]
    note = "Every box that a request or a background worker reached. Names are those of docs/components.md."
    kinds: dict[str, Kind] = {"box": "text", "stands for": "text", "calls": "number", "outcomes": "long"}
    return Block("Boxes", note, (), (table(kinds, cells),))


def shop_block(run: Run) -> Block | None:
    """Orders, votes, reviews, the edge cache and push."""
    shop = part(run.results, "shop")
    if not shop:
        return None
    tables = (_requests(part(shop, "requests")), _figures(shop), _campaigns(rows(shop, "push")))
    note = "Carts, orders, reviews and votes of the sampled users, and the pictures of the pages they viewed."
    return Block("The shop", note, (), tuple(held for held in tables if held.rows))


def segments_block(run: Run) -> Block | None:
    """Requests of each tenant and home region by what became of them."""
    segments = rows(run.results, "segments")
    if len(segments) < 2:
        return None
    names = distinct(name for row in segments for name in part(row, "outcomes"))
    cells = [
        (
            word(row, "tenant"), word(row, "region"), words.count(figure(row, "requests")),
            *(words.count(figure(part(row, "outcomes"), name) or 0) for name in names),
        )
        for row in segments
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"tenant": "text", "region": "text", "requests": "number"}
    return Block("Tenants and regions", "", (), (table({**kinds, **dict.fromkeys(names, "number")}, cells),))


def _outcomes(counted: dict[str, Any]) -> str:
    """`ok 12, over-quota 3`, the most frequent first."""
    ordered = sorted(counted.items(), key=lambda one: (-(figure(counted, one[0]) or 0), one[0]))
    return ", ".join(f"{name} {words.count(figure(counted, name))}" for name, _ in ordered)


def _requests(by_route: dict[str, Any]) -> Table:
    cells = [
        (route, words.count(sum(figure(outcomes, name) or 0 for name in outcomes)), _outcomes(outcomes))
        for route in sorted(by_route)
        if (outcomes := part(by_route, route))
    ]
    return table({"route": "text", "requests": "number", "outcomes": "long"}, cells)


def _figures(shop: Row) -> Table:
    edge, votes, asked = (part(shop, name) for name in ("edge_cache", "votes", "requests"))
    orders, reviews = (figure(part(asked, route), "ok") for route in ("/v1/checkout", "/v1/review/submit"))
    cells = [
        ("orders confirmed", words.count(orders or 0)),
        ("reviews kept", words.count(reviews or 0)),
        ("votes acknowledged", words.count(figure(votes, "acknowledged"))),
        ("members of vote rings suspected", words.count(figure(votes, "suspected_ring_members"))),
    ]
    if figure(edge, "requests"):
        cells += [
            (f"edge cache ({word(edge, 'policy')}), pictures asked", words.count(figure(edge, "requests"))),
            ("edge cache, hits", words.percent(figure(edge, "hit_share"))),
            ("edge cache, hits in its first hour", words.percent(figure(edge, "first_hour_hit_share"))),
            ("load of the origin", words.quantity(figure(edge, "origin_bytes"), "bytes")),
        ]
    return table({"shop": "text", "figure": "number"}, cells)


def _campaigns(push: list[Row]) -> Table:
    counts = ("audience", "sent", "held_back", "given_up")
    cells = [
        (word(row, "campaign"), word(row, "tenant"), *(words.count(figure(row, name)) for name in counts))
        for row in push
    ]
    kinds: dict[str, Kind] = {"push campaign": "text", "tenant": "text"}
    numbers: dict[str, Kind] = {name.replace("_", " "): "number" for name in counts}
    return table({**kinds, **numbers}, cells, folded=len(cells) > MOST_CAMPAIGNS)

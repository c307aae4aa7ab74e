"""The part of a scenario that describes the shop around search and recommendations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recsim.scenario.section import Section, Share


class Shop(Section):
    """Cart, checkout, reviews, votes, media and push."""

    hold_minutes: int = Field(15, ge=1, le=1440, description="how long an order may hold its units before it is paid")
    declined_share: Share = Field(0.02, description="payments that are declined")
    votes: Literal["logged", "cache-first"] = Field(
        "logged", description="logged before it is acknowledged, or in the cache first as the design has it"
    )
    edge_policy: Literal["s3-fifo", "lru"] = Field("s3-fifo", description="what the edge cache forgets")
    edge_mib: float = Field(64.0, gt=0, le=1e9, description="room of the edge cache, MiB")
    picture_bytes: int = Field(27_000, ge=1, le=100_000_000, description="bytes of a picture as a page shows it")
    push_segment: str = Field("", description="segment the daily campaign goes to; empty is everyone")
    push_refused_share: Share = Field(0.01, description="messages that a provider refuses at first (429)")

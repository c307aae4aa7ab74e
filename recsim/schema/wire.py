"""The JSON records that cross a wire: events, enriched events, user features and the search response.

Field names are the design's own, so a record printed here can be held against it field by field.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from pydantic import ConfigDict, Field

from recsim.schema.columns import Row


class WireEvent(Row):
    """An event as a client produces it."""

    event_id: str
    event_type: str
    product_id: str | None = None
    user_id: str
    event_timestamp: str = Field(description="ISO-8601, UTC")
    session: str
    device: str
    tenant: str


class SessionFeatures(Row):
    """The session so far, as the stream processor knows it when the event arrives."""

    device: str
    current_session_duration: int = Field(description="seconds since the session's first event")
    current_session_clicks: int = Field(description="product views in the session, this one included")


class UserDemographics(Row):
    """The joined user profile."""

    region: str
    age: int | None
    segments: list[str]


class ProductMetadata(Row):
    """The joined catalogue entry."""

    product_id: str
    product_name: str
    product_category: list[str]
    price: float | None = Field(description="US dollars")


class EnrichedEvent(Row):
    """An event after the stream processor joined session, profile and catalogue."""

    user_id: str
    sessionFeatures: SessionFeatures  # noqa: N815 - the design's name
    user_demo: UserDemographics
    product_metadata: ProductMetadata | None


class UserFeatures(Row):
    """The feature-store record of a user, key `user:{id}:features`."""

    embeddings: list[float]
    recently_viewed: list[str] = Field(description="product ids, newest first")
    preferred_categories: list[str] = Field(description="strongest first")
    recency_score: float = Field(ge=0, le=1, description="exp(-hours since the last event / 24)")
    click_through_rate: float = Field(
        ge=0, le=1, description="product views over pages that offer products, smoothed: the log holds no impressions"
    )


def wire_id(noun: Literal["user", "prod"], number: int, key: str | None = None) -> str:
    """The id of a user or product on the wire: the key of the log it was imported from, else made of the number."""
    return key or f"{noun}{number}"


def wire_event_id(tenant: str, *parts: str) -> str:
    """The id of an event that a service makes, out of what it is about. Said again it is the same id, so the stream
    processor drops the second copy; and no two tenants share one, whatever characters their ids have."""
    return "e-" + "/".join(quote(part, safe="") for part in (tenant, *parts))


class SearchReview(Row):
    """A review inside a search result."""

    reviewer: str
    rating: str = Field(description='"3/5"')
    review: str
    comments: list[str]
    up_votes: int
    down_votes: int


class SearchResult(Row):
    """One product of a search response."""

    product_key: str
    product_name: str
    quantity: int
    product_details: str
    pics: list[str]
    reviews: list[SearchReview]


class SearchResponse(Row):
    """What a search returns: `search-metadata` holds total, facets, corrections, timings and page."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    search: str
    search_metadata: dict[str, Any] = Field(alias="search-metadata")
    results: list[SearchResult]


class LeftOut(Row):
    """Something the server did not send, and why."""

    field: str
    reason: str = Field(description="the device, battery or network state that led to it, or the fields not asked for")


class AdaptiveResponse(Row):
    """A search response shaped for a mobile client: the fields it asked for, less what its state forbids."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    search: str
    search_metadata: dict[str, Any] = Field(alias="search-metadata")
    results: list[dict[str, Any]] = Field(description="search results, reduced to the fields that are sent")
    left_out: list[LeftOut]


WIRE_RECORDS: dict[str, type[Row]] = {
    "event": WireEvent,
    "enriched_event": EnrichedEvent,
    "user_features": UserFeatures,
    "search_response": SearchResponse,
    "adaptive_response": AdaptiveResponse,
}

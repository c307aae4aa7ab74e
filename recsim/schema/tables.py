"""The tables of a world and of a run.

Ids are dense integers inside a world. `key` keeps the id a real log used; a synthetic world leaves it null and the
wire form is made from the number (`user123`, `prod123`).
"""

from __future__ import annotations

from typing import Annotated

from recsim.schema.columns import Column, Row
from recsim.schema.fields import Id, Key, ProductId, SessionId, Tenant, Timestamp, UserId
from recsim.schema.truth import (
    Adversary,
    ProductTaste,
    QueryIntent,
    ReviewTruth,
    TransportTruth,
    UserTaste,
)

EVENT_TYPES = (
    "view_product",
    "add_to_cart",
    "purchase",
    "upvote",
    "downvote",
    "search_query",
    "session_start",
    "session_end",
    "submit_review",
)
"""The vocabulary of the event log; the position is the code used in columns."""

DEVICES = ("mobile", "web")
"""Client kinds; the position is the code used in columns. Mobile talks GraphQL, web talks REST."""


class User(Row):
    """Registered users: what the stream processor joins to an event (demographics and preferences)."""

    user_id: UserId
    key: Key
    tenant: Tenant
    region: Annotated[str, Column("category", "home region", "dictionary")]
    device: Annotated[str, Column("category", "the device used most", "dictionary")]
    age: Annotated[int | None, Column("int16", "age, years", "dictionary")]
    segments: Annotated[
        list[str], Column("list<string>", "marketing segments: the preferred top categories", "dictionary")
    ]
    timezone_minutes: Annotated[int, Column("int16", "offset of the user's clock from UTC, minutes", "dictionary")]


class Product(Row):
    """The catalogue: a product document without its reviews."""

    product_id: ProductId
    key: Key
    tenant: Tenant
    name: Annotated[str, Column("string", "title")]
    brand: Annotated[str | None, Column("string", "brand; may be missing, as in real catalogues", "dictionary")]
    category: Annotated[list[str], Column("list<string>", "category path, widest first", "dictionary")]
    description: Annotated[str | None, Column("string", "free text")]
    price_usd: Annotated[float | None, Column("float64", "list price, US dollars")]
    quantity: Annotated[int, Column("int32", "units in stock at the start of the world")]
    image_count: Annotated[int, Column("int16", "pictures in object storage")]
    video_count: Annotated[int, Column("int16", "videos in object storage")]
    created_at: Annotated[int | None, Column("timestamp", "when it entered the catalogue, µs since 1970 UTC")]


class Event(Row):
    """The event log, one directory a day and one file a partition, in the order of arrival inside a file."""

    event_id: Annotated[int, Column("int64", "unique; a duplicate delivery repeats it", "split")]
    event_type: Annotated[str, Column("category", "one of the nine event types", "dictionary")]
    event_timestamp: Timestamp
    user_id: UserId
    product_id: Annotated[int | None, Column("int64", "the product, where the type has one", "noise")]
    session: SessionId
    device: Annotated[str, Column("category", "client kind", "dictionary")]
    tenant: Tenant
    reference_id: Annotated[
        int | None,
        Column(
            "int64",
            "the query of a search_query, the review of a submit_review or a vote, the order of a purchase",
            "split",
        ),
    ]
    arrival_delay_ms: Annotated[int, Column("int32", "how much later it reached the log, ms", "noise")]


class Session(Row):
    """Sessions as the generator planned them, or as a real log named them (the replay finds its own, by gaps)."""

    session: SessionId
    user_id: UserId
    started_at: Timestamp
    ended_at: Annotated[int, Column("timestamp", "last event, µs since 1970 UTC", "noise")]
    device: Annotated[str, Column("category", "client kind", "dictionary")]
    events: Annotated[int, Column("int32", "events in it", "split")]


class Query(Row):
    """Searches: what was typed."""

    query_id: Id
    user_id: UserId
    session: SessionId
    event_timestamp: Timestamp
    text: Annotated[str, Column("string", "as typed, typos included")]


class Order(Row):
    """Lines of orders: what one session bought. A purchase event names its order."""

    order_id: Annotated[int, Column("int64", "the order: the id of the session that placed it", "split")]
    user_id: UserId
    product_id: ProductId
    event_timestamp: Timestamp
    quantity: Annotated[int, Column("int16", "how many of it", "dictionary")]
    price_usd: Annotated[float, Column("float64", "price paid for one, US dollars", "dictionary")]
    discount_share: Annotated[float, Column("float32", "how much less than the list price", "dictionary")]


class Review(Row):
    """Reviews of products, with text and media counts."""

    review_id: Id
    product_id: ProductId
    user_id: UserId
    event_timestamp: Timestamp
    stars: Annotated[float, Column("float32", "rating, 1 to 5", "dictionary")]
    title: Annotated[str | None, Column("string", "headline", "dictionary")]
    text: Annotated[str | None, Column("string", "body")]
    verified: Annotated[bool | None, Column("bool", "whether the reviewer is known to have bought the product")]
    image_count: Annotated[int, Column("int16", "pictures attached")]
    video_count: Annotated[int, Column("int16", "videos attached")]
    up_votes: Annotated[int | None, Column("int32", "helpful votes where the log only holds totals")]
    down_votes: Annotated[int | None, Column("int32", "unhelpful votes where the log only holds totals")]


class Medium(Row):
    """Pictures and videos that came with reviews: what object storage holds, without the bytes."""

    review_id: Annotated[int, Column("int64", "the review it came with", "split")]
    position: Annotated[int, Column("int16", "place among the review's media, from 0: pictures first")]
    content_type: Annotated[str, Column("category", "image/jpeg, image/png, image/webp, video/mp4", "dictionary")]
    size_bytes: Annotated[int, Column("int64", "size of the file, bytes")]
    width_px: Annotated[int, Column("int16", "width, pixels", "dictionary")]
    height_px: Annotated[int, Column("int16", "height, pixels", "dictionary")]
    duration_s: Annotated[float | None, Column("float32", "length of a video, seconds; null for a picture")]


class Vote(Row):
    """Helpful and unhelpful votes, one a (user, review): a later vote of the same user replaces the earlier one."""

    review_id: Annotated[int, Column("int64", "the review voted on", "split")]
    user_id: UserId
    event_timestamp: Timestamp
    direction: Annotated[int, Column("int8", "+1 helpful, -1 not helpful")]


class Interaction(Row):
    """User-product pairs of a data set that has no event log, or that comes with its own train and test split."""

    user_id: UserId
    product_id: ProductId
    value: Annotated[float, Column("float32", "rating or count; 1 where only the pair is known")]
    event_timestamp: Annotated[int | None, Column("timestamp", "when, where the data set says so")]
    session: Annotated[int | None, Column("int64", "the session or basket, where the data set has them")]
    position: Annotated[int | None, Column("int32", "order inside the session")]
    split: Annotated[str, Column("category", "train, validation or test, as given", "dictionary")]


class Judgement(Row):
    """Human relevance judgements of a search data set."""

    query_id: Annotated[int, Column("int64", "the query, dense from 0")]
    text: Annotated[str, Column("string", "the query as typed")]
    product_id: ProductId
    gain: Annotated[float, Column("float32", "graded relevance, 0 upwards")]
    label: Annotated[str, Column("string", "the data set's own name of the grade")]


class Impression(Row):
    """One product shown to one user by the request plane of a replay."""

    request_id: Annotated[int, Column("int64", "the request")]
    event_timestamp: Timestamp
    user_id: UserId
    surface: Annotated[
        str, Column("category", "home, search, product, cart, bought, because or search_based", "dictionary")
    ]
    rank: Annotated[int, Column("int16", "position, from 1")]
    product_id: ProductId
    score: Annotated[float, Column("float32", "the reranker's score")]
    source: Annotated[str, Column("category", "which candidate source found it", "dictionary")]
    propensity: Annotated[float, Column("float32", "probability of this product at this rank under the policy")]
    policy: Annotated[str, Column("category", "name and version of what chose it", "dictionary")]


class LoopOutcome(Row):
    """One product of a slate that its user looked at, in a replay with a closed loop."""

    request_id: Annotated[int, Column("int64", "the request that served the slate")]
    event_id: Annotated[int, Column("int64", "the organic view the slate competed with")]
    user_id: UserId
    surface: Annotated[str, Column("category", "home, product, cart, bought or because", "dictionary")]
    rank: Annotated[int, Column("int16", "position, from 1")]
    product_id: ProductId
    propensity: Annotated[float, Column("float32", "probability of this product at this rank under the policy")]
    policy: Annotated[str, Column("category", "name and version of what chose it", "dictionary")]
    organic_product_id: Annotated[int, Column("int64", "what the user viewed in the log", "split")]
    clicked: Annotated[bool, Column("bool", "viewed in place of the organic product")]
    carted: Annotated[bool, Column("bool", "and put into the cart")]
    bought: Annotated[bool, Column("bool", "and bought")]


class Call(Row):
    """One hop of one request: where it went, when, how long it waited and worked, and how it ended."""

    request_id: Annotated[int, Column("int64", "the request")]
    component: Annotated[str, Column("category", "the box that was called", "dictionary")]
    operation: Annotated[str, Column("category", "what it was asked", "dictionary")]
    start_us: Annotated[int, Column("int64", "simulated time of the request, µs since 1970 UTC")]
    queue_us: Annotated[float, Column("float32", "time waiting for a server, µs; 0 in an in-process replay")]
    service_us: Annotated[float, Column("float32", "busy time, µs of thread CPU, measured")]
    outcome: Annotated[str, Column("category", "ok, or the reason it was not", "dictionary")]


TABLES: dict[str, type[Row]] = {
    "users": User,
    "products": Product,
    "events": Event,
    "sessions": Session,
    "queries": Query,
    "orders": Order,
    "reviews": Review,
    "votes": Vote,
    "media": Medium,
    "interactions": Interaction,
    "judgements": Judgement,
    "truth/users": UserTaste,
    "truth/products": ProductTaste,
    "truth/queries": QueryIntent,
    "truth/reviews": ReviewTruth,
    "truth/transport": TransportTruth,
    "truth/adversaries": Adversary,
    "impressions": Impression,
    "calls": Call,
    "loop": LoopOutcome,
}
"""Directory of a table inside a world or a run, and its row class."""

DAILY = frozenset(
    {
        "events", "sessions", "queries", "orders", "reviews", "votes", "media", "truth/queries", "truth/reviews",
        "truth/transport",
    }
)  # fmt: skip
"""Tables with one directory a day."""

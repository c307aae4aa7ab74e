"""The truth tables of a synthetic world: what the generator knows and no component may read."""

from __future__ import annotations

from typing import Annotated

from recsim.schema.columns import Column, Row
from recsim.schema.fields import Id, ProductId, SessionId, Tenant, UserId


class UserTaste(Row):
    """Truth of a synthetic world: what the generator knows of a user and no component may read."""

    user_id: UserId
    taste: Annotated[list[float], Column("vector", "latent taste", "split")]
    sessions_per_day: Annotated[float, Column("float32", "expected sessions a day")]
    price_sensitivity: Annotated[float, Column("float32", "weight of log price in the utility")]
    conformity: Annotated[float, Column("float32", "weight of log popularity in the utility")]
    interests: Annotated[list[int], Column("list<int64>", "preferred categories, strongest first", "split")]


class ProductTaste(Row):
    """Truth of a synthetic world: the hidden side of a product."""

    product_id: ProductId
    taste: Annotated[list[float], Column("vector", "latent attributes", "split")]
    category_id: Annotated[int, Column("int32", "leaf category")]
    niche_id: Annotated[int, Column("int32", "its near-substitutes have the same", "split")]
    quality: Annotated[float, Column("float32", "quality, standard normal")]
    popularity: Annotated[float, Column("float32", "weight in its category's consideration sets")]


class QueryIntent(Row):
    """Truth of a synthetic world: what a searcher wanted, as a rule over the columns of the products.

    A product is meant when it belongs to the searcher's tenant, the first `depth` parts of its category path are those
    of the intended category, and its name has the brand, the attribute and the model number where they are said.
    """

    query_id: Id
    category_id: Annotated[
        int | None, Column("int32", "intended leaf category; null where nobody sells what was asked for", "split")
    ]
    depth: Annotated[
        int, Column("int8", "parts of its path the words name: 2 noun, 3 kind, 4 for whom; 0 none", "dictionary")
    ]
    brand: Annotated[str | None, Column("string", "the brand asked for", "dictionary")]
    attribute: Annotated[str | None, Column("string", "the attribute asked for", "dictionary")]
    model_number: Annotated[int | None, Column("int16", "the model number asked for", "dictionary")]
    typo: Annotated[str | None, Column("category", "kind of typo, null where there is none", "dictionary")]
    correct_text: Annotated[str | None, Column("string", "the text without its typo; null where there is none")]
    synonym_of: Annotated[
        str | None,
        Column("string", "the catalogue's word that a synonym stands for; null where none is used", "dictionary"),
    ]
    refines: Annotated[
        int | None, Column("int64", "the query of the same session that this one mends or narrows", "split")
    ]
    refinement: Annotated[
        str | None,
        Column(
            "category", "corrected, reworded, replaced, narrowed or broadened; null for a first query", "dictionary"
        ),
    ]


class ReviewTruth(Row):
    """Truth of a synthetic world: what a review really says, and how helpful it is."""

    review_id: Id
    praised: Annotated[list[str], Column("list<string>", "aspects it speaks well of", "dictionary")]
    criticised: Annotated[list[str], Column("list<string>", "aspects it speaks ill of", "dictionary")]
    helpfulness: Annotated[float, Column("float32", "probability that a vote on it is an upvote")]


class TransportTruth(Row):
    """Truth of a synthetic world: the events that the log lacks or dates wrongly, as they were.

    Deliveries of the log once each, those of this table put in place of or beside them, are everything that happened.
    """

    event_id: Annotated[int, Column("int64", "the event, as in the log")]
    fate: Annotated[str, Column("category", "lost: not in the log; future: in it with a later time", "dictionary")]
    event_type: Annotated[str, Column("category", "one of the nine event types", "dictionary")]
    event_timestamp: Annotated[int, Column("timestamp", "when it really happened, µs since 1970 UTC", "split")]
    user_id: UserId
    product_id: Annotated[int | None, Column("int64", "the product, where the type has one", "split")]
    session: SessionId
    device: Annotated[str, Column("category", "client kind", "dictionary")]
    tenant: Tenant
    reference_id: Annotated[int | None, Column("int64", "as in the log", "split")]


class Adversary(Row):
    """Truth of a synthetic world: the accounts that are not customers: all of their events are hostile, no other is."""

    user_id: UserId
    kind: Annotated[str, Column("category", "crawler, carder, vote_ring or fake_reviews", "dictionary")]
    ring: Annotated[int | None, Column("int64", "accounts of one ring work together; null for loners")]
    target_review_id: Annotated[int | None, Column("int64", "the review a vote ring pushes up or down")]
    target_product_id: Annotated[int | None, Column("int64", "the product a ring works on")]
    day: Annotated[int | None, Column("int32", "day of the world on which a ring works, from 0")]
    from_ms: Annotated[int | None, Column("int32", "begin of its burst, ms of that day")]
    to_ms: Annotated[int | None, Column("int32", "end of its burst, ms of that day")]

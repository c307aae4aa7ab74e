"""The audit of the design's requirements and deep dive: statements that contradict each other or fail a check."""

from __future__ import annotations

import json
import math

from recsim.capacity.audit_line import AuditLine, numeric, spoken
from recsim.capacity.design import ASSUMED
from recsim.capacity.forecast import Forecast
from recsim.units import SECONDS_PER_HOUR, human_bytes, human_count

EXPIRE_S = 3_600

SCOPE = "scope"
DEEP_DIVE = "deep dive"
FLOW = "end-to-end flow"

ENRICHED_EVENT = """{
  "user_id": "user123",
  "sessionFeatures": {"device": "mobile", "current_session_duration": 20, "current_session_clicks": 3},
  "user_demo": {"region": "us", "age": 30, "segments": ["tech", "deals"]},
  "product_metadata": {
    "product_id": "prod123",
    "product_name": "apple laptop",
    "product category": ["electronics","laptop", "gaming"]
    "price": "1299.99"
  }
}"""
"""The design's enriched event, as written but for line breaks."""


def word_lines(first: Forecast) -> list[AuditLine]:
    """Lines before the summary, in the design's order."""
    return [
        _millions(),
        _users(first),
        spoken(
            DEEP_DIVE,
            "rate limiting",
            "at the gateway, and at the load balancer",
            "one owner: the gateway",
            "inconsistent",
            "a quota a user and route needs the identity that only the gateway has; the balancer sheds load",
        ),
        _embeddings(first),
        _enriched_event(),
        numeric(
            DEEP_DIVE,
            "EXPIRE session 3600, beside 'set TTL = 1'",
            ("TTL = 1", 1),
            EXPIRE_S / SECONDS_PER_HOUR,
            "hours",
            "EXPIRE counts seconds: 3600 is one hour; the comment gives no unit and reads as one second or one day",
            otherwise="ambiguous",
            always=True,
        ),
        spoken(
            FLOW,
            "4. recommendation engine (elastic search)",
            "candidates from Elasticsearch; above, backed by FAISS",
            "both: keyword and vector candidates, merged",
            "inconsistent",
            "two retrieval stores for one call; it works as a hybrid if it says so",
        ),
        _votes(first),
    ]


def _millions() -> AuditLine:
    most = ASSUMED.products * ASSUMED.scale
    return numeric(
        SCOPE,
        "scale (millions of products)",
        ("millions", 2e6),
        most,
        "products",
        f"the assumptions end at {human_count(most)} products, the requirement begins at two million",
        otherwise="inconsistent",
    )


def _users(first: Forecast) -> AuditLine:
    monthly = float(first.amounts("traffic", "monthly active users")[0])
    return numeric(
        SCOPE,
        "10 million DAU, in the table '10 million users'",
        ("10 million users", ASSUMED.daily_active),
        monthly,
        "monthly users",
        "daily active users are not users: what is stored a user follows the monthly or registered ones",
        otherwise="inconsistent",
    )


def _embeddings(first: Forecast) -> AuditLine:
    items = float(first.amounts("retrieval", "flat index")[0])
    monthly = float(first.amounts("traffic", "monthly active users")[0])
    users = monthly * items / ASSUMED.products
    return spoken(
        DEEP_DIVE,
        "embeddings to Cassandra, DynamoDB and Redis",
        "three stores",
        f"product vectors {human_bytes(items)}, user vectors {human_bytes(users)}: one durable store and a cache",
        "inconsistent",
        "an unresolved choice: neither amount needs two durable stores",
    )


def _enriched_event() -> AuditLine:
    try:
        json.loads(ENRICHED_EVENT)
    except json.JSONDecodeError as error:
        found = f"{error.msg} at line {error.lineno}"
        return spoken(
            DEEP_DIVE,
            "enriched event (JSON)",
            "a JSON document",
            found,
            "invalid",
            "a comma is missing after the categories; the price is text; a key has a space",
        )
    return spoken(DEEP_DIVE, "enriched event (JSON)", "a JSON document", "a JSON document", "right", "it parses")


def _votes(first: Forecast) -> AuditLine:
    flush_s = 5
    votes_rps = float(first.amounts("traffic", "votes, event peak")[0])
    lost = math.ceil(votes_rps * flush_s)
    return numeric(
        FLOW,
        "9. votes fire and forget, synched in the background",
        ("no loss said", 0),
        lost,
        "votes",
        f"acknowledged votes of one flush interval ({flush_s} s, event peak) die with the cache; a log keeps them",
        otherwise="unsafe",
    )

"""The audit of the design's two tables by the design's own rules: what its first column says, and ten times it."""

from __future__ import annotations

import math

from recsim.capacity.audit_line import AuditLine, numeric
from recsim.capacity.design import ASSUMED
from recsim.capacity.forecast import Forecast
from recsim.units import GB, TB, human_bytes

TABLE = "table"
SCALED = "scale by 10"

OWN_SHARD_BYTES = 20 * GB
"""The design's 50 shards of 1 TB."""

MONGO_SHARD_BYTES = 3 * TB
"""MongoDB manual: consider sharding at 3 TB."""

REDIS_NODE_BYTES = 26.32 * 2**30
"""Amazon ElastiCache, cache.r7g.xlarge."""


def table_lines(first: Forecast) -> list[AuditLine]:
    """The first table."""
    primaries = float(first.amounts("search_index", "primary shards")[0])
    return [
        numeric(
            TABLE,
            "elastic search ~ 50 shards",
            ("~50 shards", 50),
            math.ceil(ASSUMED.products * ASSUMED.product_bytes / OWN_SHARD_BYTES),
            "shards",
            "inside the design's own 20 to 100, which divide 1 TB that is 1 GB; "
            f"with the reviews it is {primaries:.0f} primary shards",
        )
    ]


def scaled_lines() -> list[AuditLine]:
    """The second column from the first one's own rules and bytes, ten times as many."""
    scale = ASSUMED.scale
    catalogue = scale * ASSUMED.products * ASSUMED.product_bytes
    return [
        numeric(
            SCALED,
            "mongo 8 shards",
            ("8 shards", 8),
            math.ceil(scale * TB / MONGO_SHARD_BYTES),
            "shards",
            f"of its own 10 TB, at MongoDB's 3 TB a shard; at the design's 1 TB a shard it would be {scale:.0f}; "
            "8 follows no rule",
        ),
        numeric(
            SCALED,
            "500 shards",
            ("500 shards", 500),
            math.ceil(catalogue / OWN_SHARD_BYTES),
            "shards",
            f"ten times 50; {human_bytes(catalogue)} of products at the design's own "
            f"{human_bytes(OWN_SHARD_BYTES)} a shard is one",
        ),
        *_scaled_media(),
        numeric(
            SCALED,
            "redis 20 nodes",
            ("20 nodes", 20),
            2 * math.ceil(scale * ASSUMED.products * ASSUMED.key_bytes / REDIS_NODE_BYTES),
            "nodes",
            "ten times 1 GB fits one node of 26 GiB and its replica; 20 nodes would hold 0.5 GB each",
        ),
        numeric(
            SCALED,
            "replication factor 3, no change",
            ("3", 3),
            ASSUMED.replication,
            "copies",
            "right; not for S3, which copies itself",
        ),
    ]


def _scaled_media() -> list[AuditLine]:
    products = ASSUMED.scale * ASSUMED.products
    return [
        numeric(
            SCALED,
            "10 million images",
            ("10 million", 10e6),
            products * ASSUMED.images_mean,
            "images",
            "ten times the first column",
        ),
        numeric(
            SCALED,
            "3 million videos",
            ("3 million", 3e6),
            products * ASSUMED.videos_mean,
            "videos",
            "ten times the first column",
        ),
    ]

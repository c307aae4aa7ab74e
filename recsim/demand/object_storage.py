"""Object storage: media and the lake, and the request rate behind the edge cache."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Constants
from recsim.demand.edge_cache import image_requests_rps
from recsim.demand.load import Load
from recsim.demand.quantity import GIB, Demand, Quantity, cost, round_up


def demand_object_storage(load: Load, c: Constants) -> Demand:
    """Originals and their renditions; durability is the store's own, so no replication factor."""
    catalogue = load.products * c.images_per_product
    of_reviews = load.reviews * c.images_per_review
    videos = load.products * c.videos_per_product
    image_bytes = (catalogue + of_reviews) * c.image_stored_bytes
    video_bytes = videos * c.video_stored_bytes
    lake_bytes = load.events_per_day * c.raw_event_bytes / c.lake_compression * c.lake_days
    total = image_bytes + video_bytes + lake_bytes
    requests_rps = image_requests_rps(load, c)
    origin_rps = requests_rps * (1 - c.edge_hit_share)
    prefixes = np.maximum(round_up(origin_rps / c.origin_rps_per_prefix), 1.0)
    cold_prefixes = np.maximum(round_up(requests_rps / c.origin_rps_per_prefix), 1.0)
    limit = "Amazon S3: 5,500 GET/s a partitioned prefix"
    quantities = (
        Quantity("catalogue images", catalogue, "images", "products x images"),
        Quantity("review images", of_reviews, "images", "reviews x images"),
        Quantity("originals", catalogue + of_reviews, "images", "catalogue + review images"),
        Quantity("videos", videos, "videos", "products x videos"),
        Quantity("image bytes", image_bytes, "B", "images x stored bytes"),
        Quantity("video bytes", video_bytes, "B", "videos x stored bytes"),
        Quantity("lake bytes", lake_bytes, "B", "events/day x raw bytes / compression x days kept"),
        Quantity("total bytes", total, "B", "images + videos + lake"),
        Quantity("origin reads, event peak", origin_rps, "GET/s", "image requests x edge misses"),
        Quantity("prefixes", prefixes, "prefixes", limit),
        Quantity("prefixes with a cold edge", cold_prefixes, "prefixes", limit),
        cost(total / GIB * c.object_gib_usd, "bytes x price"),
    )
    return Demand("object_storage", quantities)

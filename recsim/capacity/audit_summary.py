"""The audit of the design's summary: the arithmetic of its bullet points, from its own assumptions."""

from __future__ import annotations

import math

from recsim.capacity.audit_line import AuditLine, numeric, spanned, spoken
from recsim.capacity.design import ASSUMED
from recsim.capacity.forecast import Forecast
from recsim.units import GB, TB, human_bytes, human_count

SUMMARY = "summary"

ELASTIC_SHARD_BYTES = (10 * GB, 50 * GB)
"""Elastic documentation, size your shards."""


def summary_lines(first: Forecast) -> list[AuditLine]:
    """The summary's bullet points, in the design's order."""
    return [*_media_lines(), *_data_lines(first), *_object_lines(first), *_store_lines(first)]


def _media_lines() -> list[AuditLine]:
    return [
        numeric(
            SUMMARY,
            "5 - 20 images",
            ("avg 10", ASSUMED.images_mean),
            math.sqrt(math.prod(ASSUMED.images)),
            "images",
            f"the geometric mean; the middle is {sum(ASSUMED.images) / 2:g}",
        ),
        numeric(
            SUMMARY,
            "2 - 5 videos",
            ("avg 3", ASSUMED.videos_mean),
            math.sqrt(math.prod(ASSUMED.videos)),
            "videos",
            f"the geometric mean; the middle is {sum(ASSUMED.videos) / 2:g}",
        ),
    ]


def _data_lines(first: Forecast) -> list[AuditLine]:
    catalogue = ASSUMED.products * ASSUMED.product_bytes
    replicated = float(first.amounts("product_store", "replicated data")[0])
    each = TB / ASSUMED.products
    return [
        numeric(
            SUMMARY,
            "100K products ~ 1 TB",
            ("1 TB", TB),
            catalogue,
            "B",
            f"{ASSUMED.products:,.0f} x {human_bytes(ASSUMED.product_bytes)}; 1 TB is {human_bytes(each)} a product, "
            f"ten images of {human_bytes(each / ASSUMED.images_mean)}, but images are in blob storage",
        ),
        numeric(
            SUMMARY,
            "replication factor of 3 ~ 3 TB",
            ("3 TB", 3 * TB),
            catalogue * ASSUMED.replication,
            "B",
            f"three copies of the wrong base; with reviews, profiles and indexes it is {human_bytes(replicated)}",
        ),
    ]


def _object_lines(first: Forecast) -> list[AuditLine]:
    return [
        numeric(
            SUMMARY,
            "avg 10 images ~ 1 million images",
            ("1 million", 1e6),
            ASSUMED.products * ASSUMED.images_mean,
            "images",
            "right; review images and renditions are left out",
        ),
        _prefixes(first),
        numeric(
            SUMMARY,
            "avg 3 videos ~ 300K videos",
            ("300K", 300e3),
            ASSUMED.products * ASSUMED.videos_mean,
            "videos",
            "right; no bytes are given",
        ),
    ]


def _prefixes(first: Forecast) -> AuditLine:
    warm = float(first.amounts("object_storage", "prefixes")[0])
    cold = float(first.amounts("object_storage", "prefixes with a cold edge")[0])
    reads = float(first.amounts("object_storage", "origin reads, event peak")[0])
    return spoken(
        SUMMARY,
        "hash based path to avoid s3 rate limiting",
        "needed",
        f"{human_count(reads)} GET/s at event peak: {warm:.0f} prefix; {cold:.0f} with a cold edge cache",
        "right",
        "the limit is 5,500 GET/s a prefix, and prefixes split slowly: hashing protects bursts, not the mean",
    )


def _store_lines(first: Forecast) -> list[AuditLine]:
    catalogue = ASSUMED.products * ASSUMED.product_bytes
    low, high = ASSUMED.shard_bytes
    return [
        numeric(
            SUMMARY,
            "3 node replica set for 1 TB",
            ("3 nodes", 3),
            float(first.amounts("product_store", "nodes")[0]),
            "nodes",
            "three members are right for availability; the data would fit one of them",
        ),
        spanned(
            SUMMARY,
            "1 shard can support 10 - 50GB",
            ("10 - 50 GB", low, high),
            ELASTIC_SHARD_BYTES,
            "B",
            "Elastic's guidance (and under 200 million documents); for search AWS says 10 to 30 GB",
        ),
        spanned(
            SUMMARY,
            "1 TB ~ 20 to 100 shards",
            ("20 to 100", 20, 100),
            (math.ceil(catalogue / high), math.ceil(catalogue / low)),
            "shards",
            "the division is right and its 1 TB is 1 GB; copies are not counted",
        ),
        numeric(
            SUMMARY,
            "100K products * 10K key per product ~ 1 gig",
            ("1 GB", GB),
            ASSUMED.products * ASSUMED.key_bytes,
            "B",
            "right, and the same product that was 1 TB a few lines above",
        ),
        numeric(
            SUMMARY,
            "redis holds inventory in 1 gig",
            ("1 GB", GB),
            float(first.amounts("feature_store", "inventory cache")[0]),
            "B",
            "stock takes 106 B a product; 1 GB is a cache of product documents",
            otherwise="mislabelled",
        ),
    ]

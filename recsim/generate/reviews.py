"""Reviews as tables: those older than the world, by number, and those of a chunk; with their media and the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import quantiles, votes
from recsim.behaviour.draft import Draft
from recsim.behaviour.reviews import Written
from recsim.behaviour.world import World
from recsim.generate import arrival, media, sink
from recsim.generate.arrival import Log
from recsim.generate.lives import created_s, there_before
from recsim.rng import words
from recsim.schema.tables import Medium, Review
from recsim.schema.truth import ReviewTruth

_HISTORY_S = 365 * 86_400
REVIEW_TABLES = ("reviews", "media", "truth/reviews")
_MOST_VOTES = 20_000


def old_tables(world: World, start: int, stop: int) -> dict[str, pa.RecordBatch]:
    """Reviews start .. stop that are older than the world: each a pure function of its number.

    They are of the last year before it, or of as long as there was the product, by users who were there.
    """
    ids = np.arange(start, stop, dtype=np.int64)
    entities = ids.astype(np.uint64)
    product = np.searchsorted(world.catalogue.reviews_before, ids, side="right") - 1
    word = words(world.scenario.seed, "review/old", entities)
    more = words(world.scenario.seed, "review/more", entities)
    stars, helpful = np.empty(len(ids), np.int64), np.empty(len(ids), np.float32)
    votes.judge_old(world.rules, world.traits.quality[product].astype(np.float32), ids, stars, helpful)
    users = (word[:, 2].astype(np.uint64) << np.uint64(32) | word[:, 3].astype(np.uint64)) % np.uint64(world.users)
    since_s = np.clip(-created_s(world, product), 1, _HISTORY_S)
    up = _votes(world, more[:, 2], stars)
    columns = {
        "review_id": ids,
        "product_id": product,
        "user_id": there_before(world, users.astype(np.int64)),
        "event_timestamp": world.day_us(0) - 1_000_000 * (1 + word[:, 1].astype(np.int64) % since_s),
        "stars": stars.astype(np.float32),
        "verified": more[:, 0] < world.scenario.reviews.verified_share * 2.0**32,
        "up_votes": up,
        "down_votes": _against(up, helpful, more[:, 3]),
    }
    written = world.reviews.write(world.traits.category[product], stars, ids)
    return _tables(world, columns, written, helpful, entities)


def new_tables(world: World, rows: Draft, log: Log, bases: tuple[int, int, int]) -> dict[str, pa.RecordBatch]:
    """The reviews written in a chunk."""
    _, first, day_us = bases
    session, product, ms, stars, salt, series = arrival.in_order(rows.review, log.reviews)
    helpful = np.empty(len(salt), np.float32)
    votes.judge_new(world.rules, world.traits.quality[product].astype(np.float32), salt, stars, helpful)
    columns = {
        "review_id": first + np.arange(len(salt)),
        "product_id": product,
        "user_id": rows.session[session, 0],
        "event_timestamp": day_us + ms * 1000,
        "stars": stars.astype(np.float32),
        "verified": series < 0,
    }
    written = world.reviews.write(world.traits.category[product], stars, salt, series)
    return _tables(world, columns, written, helpful, (votes.NEW_ENTITY | salt).astype(np.uint64))


def _tables(
    world: World, columns: dict[str, Any], written: Written, helpful: NDArray[np.float32], entities: NDArray[np.uint64]
) -> dict[str, pa.RecordBatch]:
    ids = columns["review_id"]
    counts = media.counts(world.scenario, entities)
    columns |= {"title": written.title, "text": written.text, **counts}
    truth = {
        "review_id": ids,
        "praised": written.praised,
        "criticised": written.criticised,
        "helpfulness": helpful,
    }
    files = media.files(world.scenario, ids, entities, counts)
    return {
        "reviews": sink.table(Review, columns, len(ids)),
        "media": sink.table(Medium, files, len(files["review_id"])),
        "truth/reviews": sink.table(ReviewTruth, truth, len(ids)),
    }


def _votes(world: World, word: NDArray[np.uint32], stars: NDArray[np.int64]) -> NDArray[np.int32]:
    """Helpful votes so far: discrete Lomax, more for a single star."""
    settings = world.scenario.reviews
    survival = (word.astype(np.float64) + 1.0) / 2.0**32
    drawn = settings.votes_scale * (survival ** (-1.0 / settings.votes_shape) - 1.0)
    louder = np.where(stars == 1, settings.one_star_votes, 1.0)
    return np.floor(np.floor(drawn) * louder + 0.5).clip(0, _MOST_VOTES).astype(np.int32)


def _against(up: NDArray[np.int32], helpful: NDArray[np.float32], word: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Unhelpful votes so far, so that upvotes are about the share that the review's helpfulness says."""
    expected = (up + 0.1) * (1.0 - helpful) / np.maximum(helpful, 0.05)
    noise = quantiles.draw_all(quantiles.lognormal(1.0, 0.4), word)
    return np.floor(expected * noise + (word & 0xFFFF) / 65536.0).clip(0, _MOST_VOTES).astype(np.int32)

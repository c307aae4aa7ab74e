"""Pictures and videos that come with reviews: how many, and what object storage would say of each."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import quantiles
from recsim.generate import sink
from recsim.rng import words
from recsim.scenario import Scenario

CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp", "video/mp4")
_OF_100 = np.array([75, 85, 100])
"""Cumulative shares of the picture types."""

_FRAMES = np.array([(3024, 4032), (1536, 2048), (1080, 1440), (1200, 1200), (1920, 1080)])
_VIDEO_FRAMES = np.array([(720, 1280), (1080, 1920)])
_BYTES_A_PIXEL = 0.15
_VIDEO_BYTES_A_SECOND = 700_000.0
_MOST = 8
"""Assumed sizes: phone pictures as services keep them, and clips at 5.6 Mbit/s."""


@cache
def _seconds() -> quantiles.Table:
    """Lengths of clips, s."""
    return quantiles.lognormal(12.0, 0.6, 1.0, 120.0)


@cache
def _noise() -> quantiles.Table:
    """How much larger or smaller files are than their pictures say."""
    return quantiles.lognormal(1.0, 0.4)


def counts(scenario: Scenario, entities: NDArray[np.uint64]) -> dict[str, NDArray[np.int16]]:
    """One to four pictures with `reviews.image_share` of the reviews, a video with `video_share`."""
    word = words(scenario.seed, "review/media", entities)
    pictures = np.where(word[:, 0] < scenario.reviews.image_share * 2.0**32, 1 + word[:, 1] % 4, 0)
    videos = word[:, 2] < scenario.reviews.video_share * 2.0**32
    return {"image_count": pictures.astype(np.int16), "video_count": videos.astype(np.int16)}


def files(
    scenario: Scenario, ids: NDArray[np.int64], entities: NDArray[np.uint64], counted: dict[str, NDArray[np.int16]]
) -> dict[str, Any]:
    """Columns of `media` for these reviews."""
    pictures = counted["image_count"].astype(np.int64)
    number = pictures + counted["video_count"]
    row = np.repeat(np.arange(len(ids)), number)
    position = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    word = words(scenario.seed, "media/file", entities[row] * np.uint64(_MOST) + position.astype(np.uint64))
    video = position >= pictures[row]
    frame = np.where(
        video[:, None],
        _VIDEO_FRAMES[word[:, 0] % len(_VIDEO_FRAMES)],
        _FRAMES[word[:, 0] % len(_FRAMES)],
    )
    seconds = np.round(quantiles.draw_all(_seconds(), word[:, 1]).astype(np.float64), 1)
    noise = quantiles.draw_all(_noise(), word[:, 2])
    size = np.where(video, seconds * _VIDEO_BYTES_A_SECOND, frame.prod(axis=1) * _BYTES_A_PIXEL) * noise
    kind = np.where(video, 3, np.searchsorted(_OF_100, word[:, 3] % 100, side="right"))
    return {
        "review_id": ids[row],
        "position": position.astype(np.int16),
        "content_type": sink.category(kind.astype(np.int8), CONTENT_TYPES),
        "size_bytes": size.astype(np.int64),
        "width_px": frame[:, 0].astype(np.int16),
        "height_px": frame[:, 1].astype(np.int16),
        "duration_s": pa.array(seconds.astype(np.float32), mask=~video),
    }

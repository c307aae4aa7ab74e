"""The part of a scenario that says what searches and reviews look like; how often they happen is in `[behaviour]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from recsim.scenario.section import Section, Share

Weight = Annotated[float, Field(ge=0, le=1e6)]


class Queries(Section):
    """What people type."""

    words: tuple[Weight, Weight, Weight, Weight, Weight, Weight] = Field(
        (0.048, 0.227, 0.352, 0.206, 0.085, 0.082),
        description="relative frequency of queries of one to six words (WANDS; site search is shorter)",
    )
    typo_share: Share = Field(0.10, description="queries with a typo, where the first try is not a correction")
    synonym_share: Share = Field(0.15, description="queries that use a synonym, where the words have one")
    refine_share: Share = Field(0.15, description="searches followed by a corrected or narrower one (assumed)")
    zero_result_share: Share = Field(0.05, description="queries for things out of the catalogue (assumed)")
    found_share: Share = Field(
        0.5, description="searches that describe the product viewed next; the others another one (assumed)"
    )


class Reviews(Section):
    """What reviews say and how they are voted on."""

    words_median: float = Field(57.0, ge=5, le=1000, description="median words of a review")
    words_sigma: float = Field(0.7, ge=0, le=2, description="sigma of their lognormal")
    verified_share: Share = Field(0.776, description="reviews older than the world by known buyers")
    image_share: Share = Field(0.15, description="reviews with pictures (assumed)")
    video_share: Share = Field(0.02, description="reviews with a video (assumed)")
    votes_shape: float = Field(1.4, gt=0.5, le=10, description="shape of the discrete Lomax of helpful votes")
    votes_scale: float = Field(0.6, gt=0, le=100, description="its scale")
    one_star_votes: float = Field(2.5, ge=0, le=100, description="votes of one-star reviews over those of the others")
    first_day_votes: float = Field(
        0.3, ge=0, le=20, description="mean votes of a new review on its first day (assumed)"
    )

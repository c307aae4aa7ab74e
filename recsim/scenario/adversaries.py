"""The part of a scenario that says who comes to the shop with bad intentions."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from recsim.scenario.section import Section

SmallShare = Annotated[float, Field(ge=0, le=0.2)]


class Adversaries(Section):
    """Accounts that are no customers, as shares of the registered users; none by default. `truth/adversaries` names
    them. What they do is assumed, in the shape of published attacks."""

    crawler_share: SmallShare = Field(0.0, description="crawlers: many views a second apart, of any product, no funnel")
    carder_share: SmallShare = Field(0.0, description="carders: 6 to 12 items into the cart at night, a checkout burst")
    vote_ring_share: SmallShare = Field(0.0, description="accounts of rings that push one review up or down")
    fake_review_share: SmallShare = Field(0.0, description="accounts of rings that praise one product in similar words")
    ring_accounts: int = Field(12, ge=2, le=10_000, description="accounts of one ring")
    burst_minutes: int = Field(60, ge=1, le=600, description="time in which the accounts of a ring act")
    crawler_views: int = Field(1500, ge=1, le=20_000, description="mean views of a crawler on an active day")

    @model_validator(mode="after")
    def _customers_left(self) -> Self:
        shares = (self.crawler_share, self.carder_share, self.vote_ring_share, self.fake_review_share)
        if sum(shares) > 0.5:
            raise ValueError("the shares of adversaries can't exceed 0.5 together")
        return self


def counts(adversaries: Adversaries, users: int) -> list[int]:
    """Accounts of each kind (crawlers, carders, vote rings, fake reviews) among so many registered users."""
    shares = (
        adversaries.crawler_share, adversaries.carder_share, adversaries.vote_ring_share, adversaries.fake_review_share,
    )  # fmt: skip
    return [round(share * users) for share in shares]

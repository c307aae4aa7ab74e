"""The part of a scenario that makes a world: who the users are, what is sold, how people behave."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from recsim.scenario.section import Section, Share, Weights

Weight = Annotated[float, Field(gt=0, le=1e6)]
Hours = Annotated[tuple[Annotated[float, Field(ge=0, le=1e6)], ...], Field(min_length=24, max_length=24)]
"""Relative traffic of the hours 0 to 23."""

HOURS = (
    2.6, 1.7, 1.2, 0.9, 0.8, 1.0, 1.7, 2.8, 3.8, 4.4, 4.8, 5.0,
    5.2, 5.1, 4.9, 4.8, 4.9, 5.2, 5.7, 6.4, 7.0, 6.8, 5.6, 3.9,
)  # fmt: skip
"""Session starts by hour of the user's clock: lowest at 4 to 5, a bump at noon, highest at 20 to 21."""

WEEKEND_HOURS = (
    3.1, 2.2, 1.5, 1.1, 0.9, 0.8, 1.1, 1.8, 2.9, 4.1, 5.1, 5.6,
    5.7, 5.5, 5.4, 5.4, 5.4, 5.5, 5.7, 6.1, 6.5, 6.2, 5.3, 4.1,
)  # fmt: skip
"""The same on Saturday and Sunday: people rise later and browse more by day. Both profiles are assumed in detail."""


class Calendar(Section):
    """When the world happens."""

    first_day: date = Field(
        date(2025, 1, 2), ge=date(1970, 1, 2), le=date(2200, 1, 1), description="first simulated day, UTC"
    )
    days: int = Field(7, ge=1, le=3660, description="simulated days")
    weekday_shares: tuple[Weight, Weight, Weight, Weight, Weight, Weight, Weight] = Field(
        (1.13, 1.12, 1.12, 1.08, 0.87, 0.68, 1.0), description="relative traffic of Monday to Sunday"
    )
    hour_shares: Hours = Field(
        HOURS, description="relative session starts of the 24 hours of a weekday, on the user's own clock"
    )
    weekend_hour_shares: Hours = Field(WEEKEND_HOURS, description="the same on Saturday and Sunday")
    peaks: dict[date, Annotated[float, Field(ge=0, le=100)]] = Field(
        {}, description="days with other traffic than usual and how many times as much, as a sale has"
    )

    @model_validator(mode="after")
    def _an_hour_with_traffic(self) -> Self:
        if not sum(self.hour_shares) or not sum(self.weekend_hour_shares):
            raise ValueError("calendar.hour_shares and calendar.weekend_hour_shares need an hour above 0 each")
        return self


class Users(Section):
    """Registered users. Give `count` or `daily_active`; the other follows from the activity distribution."""

    count: int | None = Field(None, ge=1, le=4_000_000_000, description="registered users")
    daily_active: int | None = Field(None, ge=1, le=1_000_000_000, description="users with a session on a mean day")
    sessions_per_day: float = Field(0.8, gt=0, le=50, description="mean sessions of a registered user a day")
    sessions_per_day_max: int = Field(20, ge=1, le=48, description="most sessions of one user on one day")
    activity_sigma: float = Field(1.9, ge=0, le=3, description="sigma of the lognormal activity of users")
    taste_dimensions: int = Field(16, ge=2, le=64, description="dimensions of the latent taste, a multiple of 2")
    interests: int = Field(3, ge=1, le=8, description="preferred leaf categories of a user")
    price_sensitivity: float = Field(0.35, ge=0, le=5, description="median weight of log price in the utility")
    conformity: float = Field(0.1, ge=0, le=2, description="median weight of log popularity in the utility")
    regions: Weights = Field({"us": 0.55, "eu": 0.3, "ap": 0.15}, description="home regions and their weights")
    tenants: Weights = Field({"default": 1.0}, description="tenants and their weights")
    mobile_share: Share = Field(0.7, description="sessions on the mobile client")
    taste_change_days: int = Field(60, ge=1, le=3660, description="days between two changes of a user's taste")
    taste_change_share: Share = Field(0.15, description="share of a taste's variance that is new after a change")
    new_per_day_share: float = Field(0.0014, ge=0, le=0.5, description="registered users who join on a day")
    first_visit: bool = Field(
        default=False, description="users who join have a session on that day, whatever their activity"
    )
    dropout_shape: float = Field(1.0, gt=0, le=10, description="shape s of the Lomax time until a user leaves for good")
    dropout_scale_days: float = Field(
        700.0, gt=0, le=1e6, description="its scale beta; half have left at beta (2^(1/s) - 1)"
    )
    habit_days: int = Field(90, ge=1, le=3660, description="days a user keeps the products he comes back to")

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.count is None) == (self.daily_active is None):
            raise ValueError("give exactly one of users.count and users.daily_active")
        if self.taste_dimensions % 2:
            raise ValueError("users.taste_dimensions must be even")
        return self


class Products(Section):
    """The catalogue."""

    count: int = Field(10_000, ge=10, le=100_000_000, description="products")
    categories: int = Field(120, ge=2, le=20_000, description="leaf categories")
    popularity_sigma: float = Field(1.75, ge=0, le=4, description="sigma of lognormal popularity inside a category")
    popularity_tail: float = Field(
        0.0, ge=0, le=3, description="how much faster log popularity rises beyond 1.2 sigma: heavier than lognormal"
    )
    popularity_tail_end: float = Field(
        9.0,
        ge=1.2,
        le=9,
        description="sigmas beyond which only popularity_head of that is left: the head of a large catalogue bends",
    )
    popularity_head: Share = Field(0.0, description="share of the faster rise that is left beyond popularity_tail_end")
    taste_share: Share = Field(0.4, description="share of a product's taste variance that its category explains")
    niche_size: int = Field(22, ge=1, le=500, description="near-substitutes in a niche, mean; 0.6 to 1.4 times that")
    niche_taste_share: Share = Field(0.35, description="share of a product's taste variance that its niche explains")
    demand_sigma: float = Field(0.6, ge=0, le=3, description="sigma of the lognormal demand of a category per product")
    demand_by_popularity: Share = Field(
        0.0,
        description="what a category's demand follows: 0 the number of its products, 1 their popularity",
    )
    price_sigma: float = Field(0.6, ge=0, le=3, description="sigma of lognormal prices inside a category")
    new_per_day_share: float = Field(0.001, ge=0, le=0.5, description="products that enter the catalogue on a day")
    retired_per_day_share: float = Field(0.001, ge=0, le=0.5, description="products that leave it on a day")
    novelty: float = Field(1.0, ge=0, le=5, description="log popularity a product has more on its first day")
    novelty_days: float = Field(14.0, gt=0, le=3660, description="days until 1/e of that is left")
    drift_sigma: float = Field(
        0.12, ge=0, le=2, description="sigma of log popularity drift at 1, 2, 4, 8 and 16 days each"
    )
    season_amplitude: float = Field(
        0.2, ge=0, le=3, description="amplitude of the yearly wave of a category's log demand"
    )
    promoted_share: Share = Field(0.05, description="products on promotion on a mean day")
    promotion: float = Field(0.7, ge=0, le=5, description="log popularity a promotion adds, beside the lower price")
    sold_out_share: Share = Field(0.02, description="products out of stock at a mean moment")
    median_price_usd: float = Field(27.0, gt=0, le=1_000_000, description="median price of all products")
    reviews_median: float = Field(2.0, ge=0, le=1000, description="median reviews of a product before the first day")
    reviews_sigma: float = Field(1.2, ge=0, le=3, description="sigma of their lognormal")
    stock_median: int = Field(200, ge=0, le=10_000_000, description="median units in stock")
    missing_brand_share: Share = Field(0.119, description="products without a brand")
    missing_description_share: Share = Field(0.05, description="products without a description")
    missing_price_share: Share = Field(0.0, description="products whose document has no price")
    missing_image_share: Share = Field(0.02, description="products without a picture")

    @model_validator(mode="after")
    def _a_product_in_each(self) -> Self:
        if self.categories > self.count:
            raise ValueError(f"products.categories ({self.categories}) can't exceed products.count ({self.count})")
        if self.taste_share + self.niche_taste_share > 1:
            raise ValueError("products.taste_share and products.niche_taste_share can't exceed 1 together")
        return self


class Behaviour(Section):
    """Sessions, choice and funnel."""

    bounce_share: Share = Field(0.45, description="sessions of one product view")
    session_length_median: float = Field(3.4, ge=1, description="median views of a session that does not bounce")
    session_length_sigma: float = Field(0.85, ge=0, le=3, description="sigma of its lognormal")
    session_length_max: int = Field(120, ge=1, le=1000, description="longest session, views")
    gap_median_s: float = Field(30.0, gt=0, le=600, description="median seconds between two views")
    gap_sigma: float = Field(1.23, ge=0, le=3, description="sigma of its lognormal")
    rest_minutes: int = Field(31, ge=1, le=240, description="least pause between two sessions of a user on a day")
    stay_in_category_share: Share = Field(0.88, description="a new listing is of the same category")
    review_view_share: Share = Field(
        0.25, description="next view is one of the last products seen, half of them the last"
    )
    page_share: Share = Field(
        0.36, description="next view is from the page at hand, where it was viewed from once or twice"
    )
    similar_share: Share = Field(0.14, description="next view is from a page of the product's near-substitutes")
    complement_share: Share = Field(
        0.03, description="next view is from a page of its complements; after a cart five times"
    )
    habit_share: Share = Field(0.1, description="sessions that open with a product the user comes back to")
    consideration: int = Field(6, ge=1, le=64, description="products on a page, compared before a view")
    niches_per_page: int = Field(2, ge=1, le=64, description="niches a listing of a category is made of")
    position_bias: float = Field(0.5, ge=0, le=3, description="place k of a page is examined in proportion to k^-this")
    taste_weight: float = Field(3.0, ge=0, le=20, description="weight of taste in the utility (kappa)")
    cart_per_view: Share = Field(0.0868, description="carts over product views the funnel is solved to")
    purchase_per_cart: Share = Field(0.302, description="purchases over carts the funnel is solved to")
    carts_together_share: Share = Field(
        0.0, description="views whose step into the cart hangs on the session's mood, not on chance alone"
    )
    purchases_together_share: Share = Field(
        0.7,
        description="products in the cart that are bought, or left, together by the session's mood",
    )
    search_per_session: Share = Field(0.35, description="sessions that begin with a search")
    review_per_purchase: Share = Field(0.03, description="purchases that are reviewed")
    star_shares: tuple[Weight, Weight, Weight, Weight, Weight] = Field(
        (0.054, 0.037, 0.087, 0.154, 0.668), description="relative frequency of reviews of one to five stars"
    )
    vote_per_view: Share = Field(0.02, description="product views that end in a vote on one of the product's reviews")

    @model_validator(mode="after")
    def _one_way_on(self) -> Self:
        shares = (self.review_view_share, self.page_share, self.similar_share, 5 * self.complement_share)
        if sum(shares) > 1:
            raise ValueError(
                "behaviour.review_view_share, page_share, similar_share and five times complement_share can't exceed 1 "
                "together: the rest of the views opens a new listing"
            )
        if self.niches_per_page > self.consideration:
            raise ValueError("behaviour.niches_per_page can't exceed behaviour.consideration")
        return self


class Transport(Section):
    """What happens to events between the client and the log."""

    delay_median_ms: float = Field(250.0, ge=0, le=86_400_000, description="median delivery delay")
    delay_sigma: float = Field(0.8, ge=0, le=3, description="sigma of its lognormal")
    late_share: Share = Field(0.01, description="events delivered late")
    late_median_s: float = Field(60.0, ge=0, le=86_400, description="median extra delay of a late event")
    duplicate_share: Share = Field(0.002, description="events delivered twice")
    lost_share: Share = Field(0.0, description="events that never arrive; `truth/transport` has them")
    future_share: Share = Field(0.0, description="events dated by a client clock that is ahead")
    future_median_s: float = Field(7200.0, gt=0, le=86_400, description="median seconds it is ahead")
    reordered_share: Share = Field(0.0, description="events held back for a moment, so that later ones overtake them")
    reordered_window_s: float = Field(5.0, gt=0, le=3600, description="longest moment")

    @model_validator(mode="after")
    def _one_fate(self) -> Self:
        shares = (self.late_share, self.duplicate_share, self.lost_share, self.future_share, self.reordered_share)
        if sum(shares) > 1:
            raise ValueError(
                "transport.late_share, duplicate_share, lost_share, future_share and reordered_share can't exceed 1 "
                "together: an event has one of these fates at most"
            )
        return self


class Layout(Section):
    """How a world is cut into files."""

    partitions: int = Field(4, ge=1, le=4096, description="partitions of the event log; a user lives in one")
    products_per_file: int = Field(100_000, ge=1_000, description="products in one file")

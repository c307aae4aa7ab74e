"""Constants of the traffic: what one daily active user does, when, and what it leaves behind."""

from __future__ import annotations

from recsim.scenario.demand_range import Range, constant, fixed
from recsim.scenario.section import Section

RETAILROCKET = "Retailrocket data set, counted: 2,664,312 views, 69,332 carts, 22,457 purchases"
VERTO = "Verto Analytics 2017, in PYMNTS: Amazon 33 sessions a user-month at 81 % stickiness, so 33 / (30 x 0.81)"
JUDGED = "assumption; a replay measures it"


class TrafficConstants(Section):
    """Sessions, pages, funnel, peaks."""

    sessions_per_day: Range = constant(
        1.4, 1.1, 2.2, "sessions/user-day", "assumed", VERTO, meaning="sessions of a daily active user a day"
    )
    pages_per_session: Range = constant(
        8, 5, 12, "pages/session", "assumed", "SimilarWeb, large shops: 7.6 to 9.1", meaning="pages of a session"
    )
    seconds_per_page: Range = constant(60, 30, 120, "s", "assumed", JUDGED, meaning="time a user spends on a page")
    product_page_share: Range = constant(
        0.55, 0.45, 0.65, "share", "assumed", JUDGED, meaning="pages that show one product"
    )
    search_page_share: Range = constant(
        0.25, 0.15, 0.35, "share", "assumed", JUDGED, meaning="pages that show search results; the rest are home pages"
    )
    api_calls_per_page: Range = constant(
        3, 2, 5, "calls/page", "assumed", JUDGED, meaning="API calls of a page, its event beacon not counted"
    )
    beacons_per_page: Range = fixed(
        1, "calls/page", "assumed", "one batch of events a page, a choice of the design", meaning="beacon calls a page"
    )
    diurnal_peak: Range = constant(
        1.6,
        1.4,
        2.0,
        "x",
        "assumed",
        "Hitwise 2016: busiest hour of Black Friday 52 % above the mean",
        meaning="peak hour over mean hour of a day",
    )
    burst_peak: Range = constant(1.25, 1.1, 1.5, "x", "assumed", JUDGED, meaning="peak minute over peak hour")
    event_day: Range = constant(3, 2, 5, "x", "assumed", JUDGED, meaning="a sales event's day over a mean day")
    monthly_per_daily: Range = constant(
        3,
        1.3,
        5,
        "x",
        "assumed",
        "33 % stickiness; Amazon's 81 % (Verto Analytics 2017, in PYMNTS) is the low end",
        meaning="monthly active users over daily ones",
    )
    carts_per_view: Range = constant(
        0.026, 0.015, 0.06, "share", "measured", RETAILROCKET, meaning="product pages that end in a cart"
    )
    purchases_per_view: Range = constant(
        0.00843, 0.004, 0.02, "share", "measured", RETAILROCKET, meaning="product pages that end in a purchase"
    )
    votes_per_user_day: Range = constant(
        0.05, 0.02, 0.1, "votes/user-day", "assumed", JUDGED, meaning="votes on reviews of an active user a day"
    )
    session_events: Range = fixed(
        2, "events/session", "assumed", "session start and session end", meaning="events every session has"
    )
    impression_events_per_page: Range = constant(
        1, 0.5, 2, "events/page", "assumed", "one batched impression a page", meaning="impression events a page"
    )
    reviews_per_purchase: Range = constant(
        0.02,
        0.01,
        0.05,
        "share",
        "assumed",
        "assumption; Amazon Reviews 2023 has 11.9 reviews a product over a long tail",
        meaning="purchases that are reviewed",
    )
    review_years: Range = constant(3, 2, 6, "years", "assumed", JUDGED, meaning="years of reviews that are kept")
    target_utilisation: Range = constant(
        0.6,
        0.5,
        0.7,
        "share",
        "modelled",
        "Erlang-C: P(wait) < 0.3 at 8 to 16 servers allows 0.72 to 0.80; less, for bursts",
        meaning="share of its CPU a server is planned to use at event peak",
    )
    zone_loss: Range = fixed(
        1.5, "x", "modelled", "two of three zones carry everything: 3 / 2", meaning="capacity bought to lose one zone"
    )

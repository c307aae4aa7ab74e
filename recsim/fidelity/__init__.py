"""How close a world is to a real one: statistics of any world, profiles from them, and the ladder of a certificate."""

from __future__ import annotations

from recsim.registry import Registry

STATISTICS = Registry(
    "statistic",
    {
        "activity_diversity": "recsim.fidelity.joint:ActivityDiversity",
        "bounce": "recsim.fidelity.sessions:Bounce",
        "category_stay": "recsim.fidelity.joint:CategoryStay",
        "day_of_week": "recsim.fidelity.clocks:DayOfWeek",
        "device": "recsim.fidelity.clocks:Device",
        "events_per_product": "recsim.fidelity.counts:EventsPerProduct",
        "events_per_user": "recsim.fidelity.counts:EventsPerUser",
        "funnel": "recsim.fidelity.funnel:Funnel",
        "gap_s": "recsim.fidelity.sessions:Gaps",
        "helpful_votes": "recsim.fidelity.reviews:HelpfulVotes",
        "hour_of_day": "recsim.fidelity.clocks:HourOfDay",
        "items_per_order": "recsim.fidelity.funnel:ItemsPerOrder",
        "missing": "recsim.fidelity.catalogue:Missing",
        "orders_per_buyer": "recsim.fidelity.funnel:OrdersPerBuyer",
        "popularity": "recsim.fidelity.counts:Popularity",
        "popularity_steps": "recsim.fidelity.structure:PopularitySteps",
        "price_conversion": "recsim.fidelity.joint:PriceConversion",
        "price_usd": "recsim.fidelity.catalogue:Prices",
        "query_words": "recsim.fidelity.queries:QueryWords",
        "re_view": "recsim.fidelity.sessions:ReView",
        "repeat_buying": "recsim.fidelity.cohort:RepeatBuying",
        "repeat_visits": "recsim.fidelity.joint:RepeatVisits",
        "review_words": "recsim.fidelity.reviews:ReviewWords",
        "reviews_per_product": "recsim.fidelity.reviews:ReviewsPerProduct",
        "reviews_per_user": "recsim.fidelity.reviews:ReviewsPerUser",
        "searches": "recsim.fidelity.queries:Searches",
        "session_popularity": "recsim.fidelity.counts:SessionPopularity",
        "session_funnel": "recsim.fidelity.funnel:SessionFunnel",
        "sessions_per_user": "recsim.fidelity.counts:SessionsPerUser",
        "slopes": "recsim.fidelity.counts:Slopes",
        "spectrum": "recsim.fidelity.structure:Spectrum",
        "clustering": "recsim.fidelity.structure:Clustering",
        "stars": "recsim.fidelity.reviews:Stars",
        "user_funnel": "recsim.fidelity.funnel:UserFunnel",
        "verified": "recsim.fidelity.reviews:Verified",
        "views_per_session": "recsim.fidelity.sessions:ViewsPerSession",
    },
)
"""What can be measured of a world, by the names profiles use. To add one: a class, and a line here."""

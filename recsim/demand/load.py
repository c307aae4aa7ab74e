"""The load: what the daily active users of a scenario ask of the system, in requests, events and records.

Every amount is an array: entry 0 is the plan, the others are trials of the constants (see `sampling`). All figures
of a rate are per second; "event" is the peak minute of a sales event, the moment everything is sized for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsim.demand.constants import Amounts, Constants
from recsim.units import DAYS_PER_YEAR, SECONDS_PER_DAY


@dataclass(frozen=True)
class Load:
    """Demand of one scenario. Rates end in `_rps`, all others are counts or as their name says."""

    daily_active: Amounts
    monthly_active: Amounts
    products: Amounts
    pages_per_user_day: Amounts
    product_views_per_user_day: Amounts
    sessions_per_day: Amounts
    session_s: Amounts
    event_factor: Amounts
    requests_per_day: Amounts
    requests_rps: Amounts
    requests_peak_rps: Amounts
    requests_event_rps: Amounts
    api_event_rps: Amounts
    pages_event_rps: Amounts
    product_views_event_rps: Amounts
    searches_event_rps: Amounts
    recommendations_event_rps: Amounts
    session_starts_event_rps: Amounts
    events_per_user_day: Amounts
    events_per_day: Amounts
    events_rps: Amounts
    events_event_rps: Amounts
    orders_per_day: Amounts
    orders_event_rps: Amounts
    reviews: Amounts
    votes_event_rps: Amounts

    @property
    def sessions_open(self) -> Amounts:
        """Sessions in progress at event peak, by Little's law: rate x duration."""
        return self.session_starts_event_rps * self.session_s


def load_of(daily_active: Amounts, registered: Amounts, products: Amounts, c: Constants) -> Load:
    """The load of that many daily active users, out of so many registered ones, on that many products.

    pages = sessions x pages a session; requests = pages x (API calls + beacons); the mean rate times diurnal peak
    times burst is the daily peak, times the sales-event factor the event peak. Events a user-day = product views,
    searches, carts, purchases, votes, session starts and ends, impressions. One recommendation a page.
    A page shows a product or a search, so the two shares together stay below one.
    Monthly users follow from daily ones and can't be more than are registered.
    """
    pages = c.sessions_per_day * c.pages_per_session
    views = pages * c.product_page_share
    searches = pages * np.minimum(c.search_page_share, 1 - c.product_page_share)
    orders = views * c.purchases_per_view
    calls = c.api_calls_per_page + c.beacons_per_page
    peak = c.diurnal_peak * c.burst_peak
    event = peak * c.event_day
    chosen = views + searches + views * c.carts_per_view + orders + c.votes_per_user_day
    events = chosen + c.session_events * c.sessions_per_day + pages * c.impression_events_per_page
    mean_users = daily_active / SECONDS_PER_DAY
    event_users = mean_users * event
    return Load(
        daily_active=daily_active,
        monthly_active=np.minimum(daily_active * c.monthly_per_daily, registered),
        products=products,
        pages_per_user_day=pages,
        product_views_per_user_day=views,
        sessions_per_day=daily_active * c.sessions_per_day,
        session_s=c.pages_per_session * c.seconds_per_page,
        event_factor=event,
        requests_per_day=daily_active * pages * calls,
        requests_rps=mean_users * pages * calls,
        requests_peak_rps=mean_users * pages * calls * peak,
        requests_event_rps=event_users * pages * calls,
        api_event_rps=event_users * pages * c.api_calls_per_page,
        pages_event_rps=event_users * pages,
        product_views_event_rps=event_users * views,
        searches_event_rps=event_users * searches,
        recommendations_event_rps=event_users * pages,
        session_starts_event_rps=event_users * c.sessions_per_day,
        events_per_user_day=events,
        events_per_day=daily_active * events,
        events_rps=mean_users * events,
        events_event_rps=event_users * events,
        orders_per_day=daily_active * orders,
        orders_event_rps=event_users * orders,
        reviews=daily_active * orders * c.reviews_per_purchase * c.review_years * DAYS_PER_YEAR,
        votes_event_rps=event_users * c.votes_per_user_day,
    )

"""What arrives: requests, searches, recommendations and events, on average and at the peaks."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity

_FUNNEL = "users x sessions x pages x calls"
_PEAKS = "mean rate x diurnal peak x burst (x sales event)"
_EVENTS = "views + searches + carts + purchases + votes + session events + impressions"


def demand_traffic(load: Load, _constants: Constants) -> Demand:
    """The load itself, as figures to read."""
    quantities = (
        Quantity("monthly active users", load.monthly_active, "users", "daily active users x monthly over daily"),
        Quantity("sessions per day", load.sessions_per_day, "sessions/day", "users x sessions"),
        Quantity("requests per day", load.requests_per_day, "requests/day", _FUNNEL),
        Quantity("requests, mean", load.requests_rps, "requests/s", _FUNNEL),
        Quantity("requests, daily peak", load.requests_peak_rps, "requests/s", _PEAKS),
        Quantity("requests, event peak", load.requests_event_rps, "requests/s", _PEAKS),
        Quantity("searches, event peak", load.searches_event_rps, "searches/s", "search pages at event peak"),
        Quantity("recommendations, event peak", load.recommendations_event_rps, "slates/s", "one slate a page"),
        Quantity("events per user", load.events_per_user_day, "events/user-day", _EVENTS),
        Quantity("events per day", load.events_per_day, "events/day", _EVENTS),
        Quantity("events, mean", load.events_rps, "events/s", _EVENTS),
        Quantity("events, event peak", load.events_event_rps, "events/s", _PEAKS),
        Quantity("orders per day", load.orders_per_day, "orders/day", "product views x purchases a view"),
        Quantity("votes, event peak", load.votes_event_rps, "votes/s", _PEAKS),
        Quantity("reviews kept", load.reviews, "reviews", "orders x reviews an order x years kept"),
        Quantity("open sessions, event peak", load.sessions_open, "sessions", "Little's law: starts/s x duration"),
    )
    return Demand("traffic", quantities)

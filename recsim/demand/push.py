"""Push notifications: how many devices a campaign reaches and how long a quota makes it take."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity


def demand_push(load: Load, c: Constants) -> Demand:
    """Monthly users with the app and notifications on; Firebase's default quota."""
    audience = load.monthly_active * c.push_opt_in_share * c.push_reachable_share
    quantities = (
        Quantity("audience", audience, "devices", "monthly users x app x reachable"),
        Quantity("campaign", audience / c.push_per_minute, "min", "audience over the default FCM quota"),
    )
    return Demand("push", quantities)

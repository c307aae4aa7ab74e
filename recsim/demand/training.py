"""Daily batch: core-hours of Spark for the event tables and for alternating least squares."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cost
from recsim.units import DAYS_PER_YEAR, SECONDS_PER_HOUR, US_PER_SECOND


def demand_training(load: Load, c: Constants) -> Demand:
    """ALS sweeps the distinct (user, product) pairs of its window; the day's events are read once."""
    pairs = load.daily_active * load.product_views_per_user_day * c.training_days * c.distinct_pair_share
    als = (
        pairs
        * c.training_iterations
        * c.training_us_per_pair_sweep
        * c.spark_overhead
        / (SECONDS_PER_HOUR * US_PER_SECOND)
    )
    etl = load.events_per_day / c.etl_events_per_s_core / SECONDS_PER_HOUR
    quantities = (
        Quantity("interactions", pairs, "pairs", "product views of the window x distinct share"),
        Quantity("ALS", als, "core-h/day", "pairs x sweeps x measured core time x Spark's overhead"),
        Quantity("event tables", etl, "core-h/day", "events over events/s a core"),
        Quantity("core-hours", als + etl, "core-h/day", "ALS + event tables"),
        cost((als + etl) * DAYS_PER_YEAR * c.spark_vcpu_hour_usd, "core-hours x price"),
    )
    return Demand("training", quantities)

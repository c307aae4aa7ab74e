"""Inventory and orders: transactions and bytes of PostgreSQL."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import GIB, Demand, Quantity, cost, round_up
from recsim.units import DAYS_PER_YEAR


def demand_inventory(load: Load, c: Constants) -> Demand:
    """Order transactions at event peak; stock rows and the orders of the years kept."""
    tps = load.orders_event_rps * c.orders_statements
    orders_bytes = load.orders_per_day * c.order_years * DAYS_PER_YEAR * c.order_bytes
    stored = load.products * c.stock_rows_per_product * c.stock_row_bytes + orders_bytes
    units = np.maximum(round_up(stored * c.postgres_hot_share / c.postgres_unit_bytes), 1.0)
    usd = c.postgres_members * (units * c.postgres_unit_usd + stored / GIB * c.database_gib_usd)
    quantities = (
        Quantity("transactions, event peak", tps, "TPS", "orders/s x transactions an order"),
        Quantity("database", stored, "B", "stock rows and orders kept"),
        Quantity("primaries", np.maximum(round_up(tps / c.postgres_tps), 1.0), "primaries", "TPS over measured TPS"),
        Quantity("instance memory", units * c.postgres_unit_bytes, "B of RAM", "hot share in steps of 32 GB"),
        cost(usd, "a primary and its standbys, storage"),
    )
    return Demand("inventory", quantities)

"""The orders of a chunk: what was bought, how many, at what price."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import draft
from recsim.behaviour.catalogue import FIXED_SCALE, LANES, PRICE
from recsim.behaviour.draft import Draft
from recsim.behaviour.world import World
from recsim.generate import sink
from recsim.generate.arrival import Log
from recsim.schema.tables import Order


def lines(world: World, rows: Draft, log: Log, day: int, base: int) -> pa.RecordBatch:
    """The lines of all orders by time, lost purchase events included: the shop knows of them."""
    bought = rows.events[log.bought]
    delay = bought[:, 0] & np.uint64(draft.DELAY_MASK)
    ms = ((bought[:, 0] >> np.uint64(32)) - delay).astype(np.int64)
    session = rows.session[(bought[:, 1] >> np.uint64(32)).astype(np.int64)]
    order = np.lexsort((session[:, 2], ms))
    product = ((bought[:, 1] & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1)[order]
    discount = discounts(world, day, product)
    columns = {
        "order_id": base + session[order, 2],
        "user_id": session[order, 0],
        "product_id": product,
        "event_timestamp": world.day_us(day) + ms[order] * 1000,
        "quantity": (bought[:, 2] >> np.uint64(32))[order].astype(np.int16),
        "price_usd": np.round(world.traits.price_usd[product] * (1.0 - discount), 2),
        "discount_share": discount.astype(np.float32),
    }
    return sink.table(Order, columns, len(product))


def discounts(world: World, day: int, product: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much cheaper products are on a day than their list price, as shares."""
    slot, at = world.catalogue.slot[product], -(LANES // 2) + PRICE
    cheaper = world.on(day).short[slot, at].astype(np.int64) - world.catalogue.short[slot, at]
    return np.round(1.0 - np.exp(-cheaper / FIXED_SCALE), 2)

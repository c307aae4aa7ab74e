"""The orders of a chunk: what was bought, how many, at what price."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import draft
from recsim.behaviour.catalogue import FIXED_SCALE, LANES, PRICE
from recsim.behaviour.draft import Draft
from recsim.behaviour.kernel import kernel, prefetch
from recsim.behaviour.world import World
from recsim.generate import sink
from recsim.generate.arrival import NUMBER_BITS, Log
from recsim.schema.tables import Order

_AHEAD = 12
"""Purchases between asking for a record's memory and using it."""

_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def lines(world: World, rows: Draft, log: Log, day: int, base: int) -> pa.RecordBatch:
    """The lines of all orders by time, lost purchase events included: the shop knows of them."""
    bought = np.empty((5, len(log.bought)), np.int64)
    _gather(rows, log.bought, bought)
    by_time = np.argsort((bought[0] << NUMBER_BITS) | bought[1], kind="stable")
    ms, number, user, product, quantity = bought[:, by_time]
    discount = discounts(world, day, product)
    columns = {
        "order_id": base + number,
        "user_id": user,
        "product_id": product,
        "event_timestamp": world.day_us(day) + ms * 1000,
        "quantity": quantity.astype(np.int16),
        "price_usd": np.round(world.traits.price_usd[product] * (1.0 - discount), 2),
        "discount_share": discount.astype(np.float32),
    }
    return sink.table(Order, columns, len(product))


@kernel
def _gather(rows, records, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Of these event records: ms, number of the session, user, product and quantity."""
    last = records.shape[0] - 1
    for i in range(records.shape[0]):
        prefetch(rows.events, records[min(i + 2 * _AHEAD, last)])
        prefetch(rows.session, np.int64(rows.events[records[min(i + _AHEAD, last)], 1] >> _HIGH))
        event = rows.events[records[i]]
        session = rows.session[np.int64(event[1] >> _HIGH)]
        out[0, i] = np.int64(event[0] >> _HIGH) - (np.int64(event[0]) & draft.DELAY_MASK)
        out[1, i] = session[2]
        out[2, i] = session[0]
        out[3, i] = np.int64(event[1] & _LOW) - 1
        out[4, i] = np.int64(event[2] >> _HIGH)


def discounts(world: World, day: int, product: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much cheaper products are on a day than their list price, as shares."""
    slot, at = world.catalogue.slot[product], -(LANES // 2) + PRICE
    cheaper = world.on(day).short[slot, at].astype(np.int64) - world.catalogue.short[slot, at]
    return np.round(1.0 - np.exp(-cheaper / FIXED_SCALE), 2)

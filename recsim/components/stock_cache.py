"""The cached count: what pages show of the stock. The owner decides; the cache only answers reads sooner."""

from __future__ import annotations

from collections.abc import Sequence

from recsim.components.cache import Cache, cache_key
from recsim.components.inventory import Inventory, Line, Reservation
from recsim.units import US_PER_SECOND

TTL_S = 30
"""How long a count may be old where nobody bought through this cache."""


class CachedStock:
    """Counts for reads, read through; an order that went through here drops the counts of its products."""

    def __init__(self, inventory: Inventory, cache: Cache, *, ttl_s: int = TTL_S) -> None:
        self._inventory = inventory
        self._cache = cache
        self._ttl_us = ttl_s * US_PER_SECOND

    def available(self, products: Sequence[str], *, tenant: str, now_us: int) -> list[int | None]:
        """Units free as of at most the time to live ago; None for an unknown product."""
        keys = [cache_key(tenant, "stock", product) for product in products]
        found = self._cache.get(keys, now_us=now_us)
        missing = [product for product, value in zip(products, found, strict=True) if value is None]
        fresh = dict(zip(missing, self._inventory.available(missing, tenant=tenant), strict=True)) if missing else {}
        known = {product: count for product, count in fresh.items() if count is not None}
        entries = {cache_key(tenant, "stock", product): str(count).encode() for product, count in known.items()}
        self._cache.put(entries, until_us=now_us + self._ttl_us)
        return [
            fresh.get(product) if value is None else int(value) for product, value in zip(products, found, strict=True)
        ]

    def reserve(self, order: str, lines: Sequence[Line], *, tenant: str, buyer: str, until_us: int) -> Reservation:
        """As the owner says; the counts of these products are read anew."""
        verdict = self._inventory.reserve(order, lines, tenant=tenant, buyer=buyer, until_us=until_us)
        self._cache.drop([cache_key(tenant, "stock", line.product) for line in lines])
        return verdict

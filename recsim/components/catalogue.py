"""What the online services know of every product, as columns: fixed facts from the catalogue, and signals that the
daily batch refreshes. Rows are the world's product numbers; `keys` are the ids that cross a wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsim.components.product_store import document_key
from recsim.schema.wire import wire_id

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Catalogue:
    """Facts of p products that don't change during a replay.

    `price_usd[p]` is NaN where unknown; `category[p]` is the position in `categories` of the second level of the
    product's category path (the first where there is no second), -1 without one; `tenant[p]` indexes `tenants`;
    `quantity[p]` is the stock at the start of the world.
    """

    keys: list[str]
    price_usd: NDArray[np.float64]
    category: NDArray[np.int32]
    categories: list[str]
    tenant: NDArray[np.int32]
    tenants: list[str]
    quantity: NDArray[np.int64]

    @classmethod
    def of(cls, products: pa.Table) -> Catalogue:
        """From a `products` table in the order of its ids."""
        numbers = products["product_id"].to_pylist()
        categories, category = _coded([path[:2][-1] if path else None for path in products["category"].to_pylist()])
        tenants, tenant = _coded(products["tenant"].to_pylist())
        price = [np.nan if price is None else price for price in products["price_usd"].to_pylist()]
        return cls(
            [wire_id("prod", number, key) for number, key in zip(numbers, products["key"].to_pylist(), strict=True)],
            np.array(price, np.float64),
            category,
            categories,
            tenant,
            tenants,
            products["quantity"].to_numpy().astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _numbers(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {tenant: {} for tenant in self.tenants}
        for number, (key, code) in enumerate(zip(self.keys, self.tenant.tolist(), strict=True)):
            found[self.tenants[code]][key] = number
        return found

    @cached_property
    def document_keys(self) -> list[str]:
        """The keys of the documents in the product store, by product number."""
        tenants = [self.tenants[code] for code in self.tenant.tolist()]
        return [document_key(key, tenant) for key, tenant in zip(self.keys, tenants, strict=True)]

    @cached_property
    def _category_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.categories)}

    def number(self, key: object, tenant: str) -> int | None:
        """The product number behind a wire id; None for one that the tenant does not sell."""
        return self._numbers.get(tenant, {}).get(key) if isinstance(key, str) else None

    def numbers(self, keys: Sequence[str], tenant: str) -> NDArray[np.int64]:
        """The product numbers of those wire ids that the tenant sells, in order."""
        known = self._numbers.get(tenant, {})
        return np.array([known[key] for key in keys if key in known], np.int64)

    def category_numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The category numbers of those names that are known, in order."""
        known = self._category_numbers
        return np.array([known[name] for name in names if name in known], np.int32)

    def of_tenant(self, tenant: str, products: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the products belong to a tenant (none do for an unknown tenant)."""
        code = self.tenants.index(tenant) if tenant in self.tenants else -2
        return np.asarray(self.tenant[products] == code)


def _coded(values: Sequence[str | None]) -> tuple[list[str], NDArray[np.int32]]:
    names = sorted({value for value in values if value is not None})
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([-1 if value is None else numbers[value] for value in values], np.int32)


@dataclass(frozen=True)
class Signals:
    """What the daily batch knows of p products from everything before a midnight; nothing later is in it.

    `rating[p]`: mean stars, 0 to 1, drawn towards the mean of all by `RATING_PRIOR` reviews. `click_through_rate[p]`:
    carts over views, drawn the same way by `CART_PRIOR` views. `stock[p]`: units left. `popular`: products of the
    window by number of interactions, most first, without those that had none. `trend[p]`: decayed events, over the
    greatest. `review_quality[p]`, 0 to 1, and `review_votes[p]`, votes on all reviews of the product: what the reviews
    say beyond their stars (`with_reviews`).
    """

    rating: NDArray[np.float32]
    click_through_rate: NDArray[np.float32]
    stock: NDArray[np.int64]
    popular: NDArray[np.int64]
    trend: NDArray[np.float32]
    review_quality: NDArray[np.float32]
    review_votes: NDArray[np.int64]

    def with_reviews(self, quality: NDArray[np.float32], votes: NDArray[np.int64]) -> Signals:
        """The same with the review signals of whoever keeps the reviews: quality[p] from 0 to 1 and votes[p]."""
        return replace(self, review_quality=quality, review_votes=votes)


RATING_PRIOR = 5.0
CART_PRIOR = 20.0


def signals_before_any(catalogue: Catalogue) -> Signals:
    """The first day: no ratings, no clicks, nothing popular yet."""
    n = len(catalogue)
    nothing = np.zeros(n, np.float32)
    none = np.empty(0, np.int64)
    return Signals(nothing, nothing, catalogue.quantity, none, nothing, nothing, np.zeros(n, np.int64))


def smoothed(hits: NDArray[np.float64], trials: NDArray[np.float64], prior: float) -> NDArray[np.float32]:
    """hits/trials of each product, drawn towards that of all products by `prior` trials; 0 where nothing is known."""
    total = float(trials.sum())
    mean = float(hits.sum()) / total if total else 0.0
    return ((hits + prior * mean) / (trials + prior)).astype(np.float32)

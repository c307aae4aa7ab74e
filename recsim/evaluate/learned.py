"""What is learned from, read as far as a recommender looks: histories and catalogue are made when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.dataset import Dataset
from recsim.recommenders.base import Histories, Interactions

_COLUMNS = ["product_id", "name", "brand", "category", "description", "price_usd"]


class Learned(Interactions):
    """Interactions whose ordered histories and catalogue cost nothing until a recommender reads them."""

    def __init__(
        self,
        matrix: csr_matrix,
        last_us: NDArray[np.int64] | None = None,
        histories: Callable[[], Histories | None] | Histories | None = None,
        catalogue: Callable[[], pl.DataFrame | None] | pl.DataFrame | None = None,
    ) -> None:
        for name, value in (("matrix", matrix), ("last_us", last_us), ("_order", histories), ("_goods", catalogue)):
            object.__setattr__(self, name, value)

    @property
    def histories(self) -> Histories | None:
        """The interactions in order, one case a session; None without an order."""
        return self._made("_order")

    @property
    def catalogue(self) -> pl.DataFrame | None:
        """What is known of the products; None where nothing is."""
        return self._made("_goods")

    def _made(self, name: str) -> Any:  # noqa: ANN401 - either of the two
        value = getattr(self, name)
        if callable(value):
            value = value()
            object.__setattr__(self, name, value)
        return value


def catalogue_of(world: Dataset) -> Callable[[], pl.DataFrame | None]:
    """The products of a world in the order of their numbers, with what a recommender may read of them."""

    def read() -> pl.DataFrame | None:
        if not world.has("products"):
            return None
        frame = world.frame("products", columns=_COLUMNS)
        every = pl.DataFrame(
            {"product_id": np.arange(world.products)}, schema={"product_id": frame["product_id"].dtype}
        )
        return every.join(frame, on="product_id", how="left", maintain_order="left").drop("product_id")

    return read

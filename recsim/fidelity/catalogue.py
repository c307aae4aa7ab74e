"""What the catalogue says, and what it leaves out."""

from __future__ import annotations

import polars as pl

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import Piece
from recsim.fidelity.sketch import Sketch

FIELDS = {
    "brand_share": pl.col("brand").is_null(),
    "description_share": pl.col("description").is_null(),
    "price_share": pl.col("price_usd").is_null(),
    "category_share": pl.col("category").list.len() == 0,
}


class Prices:
    """List prices of the products."""

    about = About("price_usd", "values", "marginal", "US dollars")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Prices are in the catalogue."""

    def finish(self, limits: Limits) -> Measured:
        sketch = Sketch(whole=False)
        if self._context.price_usd is not None:
            sketch.add(self._context.price_usd[self._context.price_usd > 0])
        return distribution(self.about, sketch, limits, "no product has a price")


class Missing:
    """Products without a brand, a description, a price, a category; of fields that some product has."""

    about = About("missing", "rates", "marginal", "share of products")

    def __init__(self, context: Context) -> None:
        self._world = context.world

    def add(self, piece: Piece) -> None:
        """Gaps are in the catalogue."""

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        missing = self._world.scan("products").select(**{name: gap.mean() for name, gap in FIELDS.items()}).collect()
        found = {name: float(missing[name][0]) for name in FIELDS if 0 < missing[name][0] < 1}
        if not found:
            return untold(self.about, "no field of the catalogue is filled in part")
        return told(self.about, found, self._world.products)

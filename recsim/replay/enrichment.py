"""What the stream plane joins to an event: user regions, product categories and prices, as columns."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.replay.lake import Enrichment

_SEPARATOR = "\x1f"


def load_enrichment(world: Dataset) -> Enrichment:
    """Read users and products of a world.

    A product's category is the first two levels of its path, so a laptop under electronics and one under toys are two
    categories; its name is the narrower of the two levels. Codes are in the order of the first product of each.
    """
    regions, region_of = _codes(_sorted(world, "users", "user_id", pl.col("region").cast(pl.String)), world.users)
    products = _sorted(
        world,
        "products",
        "product_id",
        pl.col("category").list.head(2).list.join(_SEPARATOR).alias("path"),
        pl.col("price_usd").cast(pl.Float32),
    )
    paths, category_of = _codes(products.select("product_id", "path"), world.products)
    prices = np.full(world.products, np.nan, np.float32)
    prices[products["product_id"].to_numpy()] = products["price_usd"].fill_null(float("nan")).to_numpy()
    names = [path.rpartition(_SEPARATOR)[2] for path in paths]
    return Enrichment(region_of.astype(np.int8), regions, category_of, names, prices)


def _sorted(world: Dataset, table: str, key: str, *columns: pl.Expr) -> pl.DataFrame:
    return world.scan(table).select(pl.col(key), *columns).collect().sort(key)


def _codes(frame: pl.DataFrame, count: int) -> tuple[list[str], NDArray[np.int32]]:
    """The distinct non-empty strings of the second column in order of appearance, and by id their positions or -1."""
    keys, values = frame.to_series(0).to_numpy(), frame.to_series(1)
    names = [name for name in values.unique(maintain_order=True).to_list() if name]
    position = pl.DataFrame({"name": pl.Series(names, dtype=pl.String), "code": np.arange(len(names), dtype=np.int32)})
    joined = values.to_frame("name").join(position, on="name", how="left", maintain_order="left")
    codes = np.full(count, -1, np.int32)
    codes[keys] = joined["code"].fill_null(-1).to_numpy()
    return names, codes

"""The catalogue as tables: documents, the truth behind them, and the reviews they had before the first day."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.behaviour import quantiles, vocabulary
from recsim.behaviour.catalogue import product_scale
from recsim.behaviour.text import brand_of, brands, path_of, pick
from recsim.behaviour.world import World
from recsim.clock import day_label
from recsim.generate import reviews, sink
from recsim.generate.lives import created_s
from recsim.rng import uniforms, words
from recsim.schema.tables import TABLES, Product
from recsim.schema.truth import ProductTaste

_REVIEWS_A_BATCH = 1 << 17


def ranges(world: World) -> list[tuple[int, int]]:
    """The products of each product file: first id and the id after the last."""
    count, size = world.scenario.products.count, world.scenario.layout.products_per_file
    return [(low, min(low + size, count)) for low in range(0, count, size)]


def write(world: World, out: Path, number: int) -> None:
    """`products`, `truth/products` and the old reviews of one product file."""
    low, high = ranges(world)[number]
    name = f"part-{number:04d}.parquet"
    eve = day_label(world.scenario.calendar.first_day, -1)
    with ExitStack() as files:
        writers = {
            table: files.enter_context(sink.part(out / table / f"day={eve}" / name, TABLES[table]))
            for table in reviews.REVIEW_TABLES
        }
        for start, stop in _review_ranges(world, low, high):
            for table, batch in reviews.old_tables(world, start, stop).items():
                writers[table].write_batch(batch)
    sink.write(out / "truth/products" / name, ProductTaste, _truth(world, low, high))
    sink.write(out / "products" / name, Product, _documents(world, low, high))


def _documents(world: World, low: int, high: int) -> pa.RecordBatch:
    scenario, traits = world.scenario, world.traits
    ids = np.arange(low, high, dtype=np.int64)
    category, word = traits.category[low:high], traits.words[low:high]
    more = words(scenario.seed, "product/details", ids.astype(np.uint64))
    brand = brand_of(category, word[:, 0])
    unbranded = uniforms(scenario.seed, "product/missing", ids.astype(np.uint64))
    attribute = (word[:, 1] % len(vocabulary.ATTRIBUTES)).astype(np.int64)
    paths = [path_of(leaf) for leaf in range(scenario.products.categories)]
    leaf = pa.array([path[-1] for path in paths], pa.string()).take(pa.array(category))
    name = pc.binary_join_element_wise(
        pick(brands(), brand), pick(list(vocabulary.ATTRIBUTES), attribute), leaf, _model_numbers(word[:, 2]), " "
    )
    has_text = unbranded[:, 1] >= scenario.products.missing_description_share
    missing = unbranded[:, 0] < scenario.products.missing_brand_share
    stock = quantiles.draw_all(quantiles.lognormal(max(scenario.products.stock_median, 1e-9), 1.0), more[:, 0])
    columns = {
        "product_id": ids,
        "tenant": sink.category(_tenant_of(world, category), world.tenants),
        "name": name,
        "brand": pick(brands(), np.where(missing, -1, brand)),
        "category": _paths(paths, category),
        "description": _descriptions(name, word[:, 3], has_text),
        "price_usd": pa.array(traits.price_usd[low:high], mask=unbranded[:, 2] < scenario.products.missing_price_share),
        "quantity": np.minimum(stock, 1e9).astype(np.int32),
        "image_count": np.where(unbranded[:, 3] < scenario.products.missing_image_share, 0, 1 + more[:, 1] % 8).astype(
            np.int16
        ),
        "video_count": np.maximum(more[:, 2] % 8, 5).astype(np.int16) - 5,
        "created_at": world.day_us(0) + created_s(world, ids) * 1_000_000,
    }
    return sink.table(Product, columns, len(ids))


def _tenant_of(world: World, category: NDArray[np.int64]) -> NDArray[np.int8]:
    return (np.searchsorted(world.catalogue.tenant_start, category, side="right") - 1).astype(np.int8)


def _model_numbers(word: NDArray[np.uint32]) -> pa.Array:
    return pa.array((100 + word % 900).astype(np.int32)).cast(pa.string())


def _paths(paths: list[tuple[str, ...]], category: NDArray[np.int64]) -> pa.Array:
    return pa.array([list(path) for path in paths], pa.list_(pa.string())).take(pa.array(category))


def _descriptions(name: pa.Array, word: NDArray[np.uint32], has_text: NDArray[np.bool_]) -> pa.Array:
    details = list(vocabulary.DESCRIPTION_DETAILS)
    openings = list(vocabulary.DESCRIPTION_OPENINGS)
    first = (word % len(openings)).astype(np.int64)
    second = (word >> 8) % len(details)
    third = (second + 1 + (word >> 16) % (len(details) - 1)) % len(details)
    text = pc.binary_join_element_wise(
        name, pick(openings, first), pick(details, second.astype(np.int64)), pick(details, third.astype(np.int64)), " "
    )
    return pc.if_else(pa.array(has_text), text, pa.scalar(None, pa.string()))


def _truth(world: World, low: int, high: int) -> pa.RecordBatch:
    traits, dimensions = world.traits, world.rules.dimensions
    taste = world.catalogue.shelf[world.catalogue.slot[low:high], :dimensions].astype(np.float32) / np.float32(
        product_scale(dimensions)
    )
    columns = {
        "product_id": np.arange(low, high, dtype=np.int64),
        "taste": sink.vectors(taste),
        "category_id": traits.category[low:high].astype(np.int32),
        "niche_id": world.catalogue.niche_at[world.catalogue.slot[low:high]],
        "quality": traits.quality[low:high].astype(np.float32),
        "popularity": np.exp(traits.weight[low:high]).astype(np.float32),
    }
    return sink.table(ProductTaste, columns, high - low)


def _review_ranges(world: World, low: int, high: int) -> list[tuple[int, int]]:
    first, last = (int(world.catalogue.reviews_before[edge]) for edge in (low, high))
    return [(start, min(start + _REVIEWS_A_BATCH, last)) for start in range(first, last, _REVIEWS_A_BATCH)]

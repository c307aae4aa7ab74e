"""Frequently bought together: quality against real "also bought" lists, exactness at a million baskets, and speed.

python tests/bench/bench_bought_together.py [folder of public data sets] [baskets]

1. Grocery (Amazon, ReChorus cut): precision@10 against the catalogue's also_buy lists, beside popularity, plain
   co-count of the same baskets, and co-count of customers; all from the same training interactions.
2. Ta Feng and Online Retail, sanity: a product is taken out of every tenth basket; hit@10 of the partners of what is
   left, beside popularity and plain co-count. Pairs come from the other nine.
3. A million random baskets, in random order, one in ten twice, in batches: equal to one batch, pair by pair; CPU time
   beside the sparse matrix product of SciPy on the same baskets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "components"))

from together import also_buy, co_counted, deliveries, grocery_shop, popular, precision_at, random_baskets  # noqa: E402

from recsim.components.bought_together import BoughtTogether  # noqa: E402
from recsim.components.pair_counts import PairCounts  # noqa: E402

Rows = tuple[NDArray[np.int64], NDArray[np.int64]]


def grocery(folder: Path) -> None:
    bought = pl.read_parquet(folder / "train.parquet")
    truth = also_buy(pl.read_parquet(folder / "item_meta.parquet"))
    began = time.process_time()
    shop = grocery_shop(bought)
    took = time.process_time() - began
    n = len(shop.counts.product_counts)
    customers, alone = PairCounts(n), BoughtTogether(n)
    customers.add(bought["user"].to_numpy(), bought["item"].to_numpy())
    alone.counts = shop.counts
    alone.publish()
    table = shop.table
    guarded = table.significant
    starts = np.concatenate([[0], np.cumsum(np.add.reduceat(guarded, table.starts[:-1]) * (np.diff(table.starts) > 0))])
    print(f"grocery: {shop.counts.baskets:,} baskets, {len(shop.counts):,} pairs, {took:.2f} CPU s with the table")
    for name, rows in {
        "popularity": popular(shop.counts),
        "co-count, baskets": co_counted(shop.counts),
        "co-count, customers": co_counted(customers),
        "G2, baskets": (alone.table.starts, alone.table.partners),
        "G2, baskets + customers": (table.starts, table.partners),
        "  significant ones only": (starts, table.partners[guarded]),
    }.items():
        shown = np.minimum(np.diff(rows[0]), 10)
        precision = precision_at(10, truth, *rows)
        print(f"  {name:26} precision@10 {precision:.4f}   partners shown {shown.mean():5.2f} a product")


def held_out(name: str, baskets: NDArray[np.int64], products: NDArray[np.int64]) -> None:
    """hit@10 of one product of every tenth basket, from the partners of the others in it."""
    ids, basket = np.unique(baskets, return_inverse=True)
    n = int(products.max()) + 1
    test = basket % 10 == 0
    shop = BoughtTogether(n)
    shop.take(ids[basket[~test]], products[~test])
    table = shop.publish()
    order = np.lexsort((products[test], basket[test]))
    held, held_products = basket[test][order], products[test][order]
    edges = np.flatnonzero(np.diff(held)) + 1
    wholes = [np.unique(part) for part in np.split(held_products, edges)]
    cases = [(part[len(part) // 2], np.delete(part, len(part) // 2)) for part in wholes if 1 < len(part) <= 50]
    best = np.argsort(-shop.counts.product_counts, kind="stable")
    plain = co_counted(shop.counts)
    print(f"{name}: {shop.counts.baskets:,} baskets, {len(shop.counts):,} pairs, {len(cases):,} products hidden")
    for label, answer in {
        "popularity": lambda rest: best[: 10 + len(rest)][~np.isin(best[: 10 + len(rest)], rest)][:10],
        "co-count": lambda rest: _sum(rest, plain[0], plain[1], None),
        "G2": lambda rest: _sum(rest, table.starts, table.partners, table.scores),
    }.items():
        print(f"  {label:26} hit@10 {np.mean([hidden in answer(rest) for hidden, rest in cases]):.4f}")


def _sum(
    rest: NDArray[np.int64], starts: NDArray[np.int64], partners: NDArray[np.int64], scores: NDArray[np.float32] | None
) -> NDArray[np.int64]:
    """The ten best partners of several products: by summed score, or by summed 1 / rank where there is none."""
    total: dict[int, float] = {}
    for product in rest.tolist():
        row = slice(int(starts[product]), min(int(starts[product + 1]), int(starts[product]) + 50))
        found = partners[row].tolist()
        worth = (1.0 / np.arange(1, len(found) + 1)).tolist() if scores is None else scores[row].tolist()
        for partner, value in zip(found, worth, strict=True):
            total[partner] = total.get(partner, 0.0) + value
    for product in rest.tolist():
        total.pop(product, None)
    ranked = sorted(total, key=lambda partner: (-total[partner], partner))
    return np.array(ranked[:10])


def exactness(baskets: int, products: int = 100_000) -> None:
    ids, lines = random_baskets(baskets, products)
    batch, stream = BoughtTogether(products), BoughtTogether(products)
    batch.take(ids[:10], lines[:10])
    batch = BoughtTogether(products)
    batch_s = _cpu(lambda: batch.take(ids, lines))
    parts = list(deliveries(ids, lines, duplicates=0.1, batch=1_000, seed=1))
    stream_s = _cpu(lambda: [stream.take(*part) for part in parts])
    matrix = csr_matrix((np.ones(len(ids), np.int32), (ids, lines)), shape=(baskets, products))
    matrix.data[:] = 1
    product_s = _cpu(lambda: matrix.T @ matrix)
    tables = []
    publish_s = _cpu(lambda: tables.append(batch.publish()))
    stream.publish()
    one, other = batch.counts.pairs(), stream.counts.pairs()
    names = ("starts", "partners", "scores", "support", "confidence", "lift", "significant")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("first", "second", "counts"))
    equal_tables = all(np.array_equal(getattr(batch.table, name), getattr(stream.table, name)) for name in names)
    print(f"{baskets:,} baskets of {products:,} products, {len(ids):,} lines, {len(one):,} pairs")
    print(
        f"  stream: random order, 10 % twice, {len(parts):,} batches: {stream.counts.duplicates:,} duplicates refused"
    )
    print(f"  pairs equal: {equal}; published tables equal: {equal_tables}")
    print(f"  one batch      {batch_s:7.2f} CPU s {baskets / batch_s:10,.0f} baskets/s")
    print(f"  stream         {stream_s:7.2f} CPU s {baskets * 1.1 / stream_s:10,.0f} baskets/s")
    print(f"  SciPy product  {product_s:7.2f} CPU s; one batch costs {batch_s / product_s:.2f} x that")
    print(f"  publish        {publish_s:7.2f} CPU s; tables {batch.counts.size_bytes / 2**20:,.0f} MiB")


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(folder: Path, baskets: int) -> None:
    if folder.is_dir():
        grocery(folder / "amazon-grocery-rechorus")
        lines = pl.read_parquet(folder / "tafeng-dnntsp" / "baskets.parquet")
        orders = lines["user"].cast(pl.Int64).to_numpy() * 10_000 + lines["basket"].to_numpy()
        held_out("Ta Feng", orders, lines["item"].cast(pl.Int64).to_numpy())
        sold = pl.read_parquet(folder / "online-retail-uci" / "transactions.parquet").filter(
            ~pl.col("InvoiceNo").str.starts_with("C"), pl.col("Quantity") > 0
        )
        codes = sold.select(pl.col("InvoiceNo", "StockCode").rank("dense").cast(pl.Int64) - 1)
        held_out("Online Retail", codes["InvoiceNo"].to_numpy(), codes["StockCode"].to_numpy())
    else:
        print(f"no public data sets at {folder}: only speed and exactness")
    exactness(baskets)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0]) if given else ROOT.parent / "shared" / "data",
        int(given[1]) if len(given) > 1 else 1_000_000,
    )

"""Products bought together: exact counts whatever the order, the guard against chance, partners and bundles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from together import (
    also_buy,
    batch_recount,
    co_counted,
    deliveries,
    grocery_shop,
    popular,
    precision_at,
    random_baskets,
)

from recsim.components.bought_together import BoughtTogether, PairTable, log_likelihood_ratio
from recsim.components.pair_counts import PairCounts, Pairs


def take(shop: BoughtTogether, *baskets: tuple[int, list[int]]) -> None:
    lines = [(number, product) for number, products in baskets for product in products]
    shop.take(np.array([line[0] for line in lines], np.int64), np.array([line[1] for line in lines], np.int64))


def listed(pairs: Pairs) -> list[tuple[int, int, int]]:
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.counts.tolist(), strict=True))


def same(one: PairTable, other: PairTable) -> bool:
    names = ("starts", "partners", "scores", "support", "confidence", "lift", "significant")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_pairs_are_counted_once_a_basket_whatever_the_lines() -> None:
    shop = BoughtTogether(5)
    take(shop, (7, [3, 1, 3, 2]), (8, [1, 3]), (9, [4]))
    assert listed(shop.counts.pairs()) == [(1, 2, 1), (1, 3, 2), (2, 3, 1)]
    assert shop.counts.product_counts.tolist() == [0, 2, 1, 2, 1]


def test_a_basket_that_comes_again_changes_nothing_even_with_other_products() -> None:
    shop = BoughtTogether(5)
    take(shop, (7, [1, 2]))
    take(shop, (7, [1, 2]), (7, [3]))
    assert listed(shop.counts.pairs()) == [(1, 2, 1)]
    assert (shop.counts.baskets, shop.counts.duplicates) == (1, 1)


def test_a_wholesale_order_takes_no_part_and_is_counted_as_such() -> None:
    counts = PairCounts(9, most_products=3)
    counts.add(np.array([1, 1, 1, 1, 2, 2]), np.array([0, 1, 2, 3, 0, 1]))
    assert (counts.baskets, counts.oversized, len(counts)) == (1, 1, 1)


@settings(max_examples=40, deadline=None)
@given(
    baskets=st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=6), max_size=60),
    order=st.randoms(use_true_random=False),
)
def test_any_order_any_batches_and_duplicates_give_the_counts_of_one_batch(baskets, order) -> None:
    deliveries = list(enumerate(baskets)) * 2
    order.shuffle(deliveries)
    streamed = PairCounts(31)
    for number, products in deliveries:
        streamed.add(np.full(len(products), number), np.array(products))
    assert listed(streamed.pairs()) == batch_recount(baskets)


def test_a_stream_in_random_order_with_duplicates_equals_a_batch_recount_exactly() -> None:
    ids, products = random_baskets(20_000, 3_000)
    batch, stream = BoughtTogether(3_000), BoughtTogether(3_000)
    batch.take(ids, products)
    for some_ids, some_products in deliveries(ids, products, duplicates=0.3, batch=1_000, seed=5):
        stream.take(some_ids, some_products)
    assert 5_000 < stream.counts.duplicates <= 6_000
    assert listed(stream.counts.pairs()) == listed(batch.counts.pairs())
    assert same(stream.publish(), batch.publish())


def test_memory_is_bounded_by_dropping_the_rarest_and_says_so() -> None:
    ids, products = random_baskets(3_000, 500)
    exact, bounded = PairCounts(500), PairCounts(500, most_pairs=2_000)
    exact.add(ids, products)
    bounded.add(ids, products)
    assert len(bounded) <= 4_000 < len(exact)
    pairs = bounded.pairs()
    missing = exact.of(pairs.first, pairs.second) - pairs.counts
    assert 0 <= missing.min() <= missing.max() <= bounded.floor


def test_g2_is_the_log_likelihood_ratio_of_scipy() -> None:
    counts = PairCounts(2)
    counts.add(np.array([0, 0, 1, 1, 2, 3, 4]), np.array([0, 1, 0, 1, 0, 1, 0]))
    counts.baskets += 5
    found = log_likelihood_ratio(counts, Pairs(np.array([0]), np.array([1]), np.array([2])), np.array([2]))
    table = [[2, 2], [1, 5]]
    assert found[0] == pytest.approx(chi2_contingency(table, correction=False, lambda_="log-likelihood")[0])


def test_support_confidence_and_lift_are_those_of_the_definition() -> None:
    shop = BoughtTogether(4)
    take(shop, (0, [0, 1]), (1, [0, 1]), (2, [0, 2]), (3, [3]), (4, [3]))
    table = shop.publish()
    row = table.row(1)
    assert table.partners[row].tolist() == [0]
    assert (table.support[row].tolist(), table.confidence[row].tolist()) == ([2], [1.0])
    assert table.lift[row][0] == pytest.approx(2 * 5 / (3 * 2))


def test_chance_is_not_significant_and_a_habit_is() -> None:
    ids, products = random_baskets(4_000, 200, seed=3, popular=False)
    together = np.repeat(np.arange(10_000, 10_030), 2), np.tile([7, 11], 30)
    shop = BoughtTogether(200)
    shop.take(np.concatenate([ids, together[0]]), np.concatenate([products, together[1]]))
    table = shop.publish()
    assert table.partners_of(7, 5)[0].tolist() == [11]
    significant = int(table.significant.sum()) // 2
    assert significant <= 3
    assert len(table.partners) > 2_000


def test_a_pair_bought_once_is_no_habit_however_rare_its_products() -> None:
    shop = BoughtTogether(50)
    take(shop, (0, [0, 1]), *((n, [2 + n % 40]) for n in range(1, 5_000)))
    assert shop.publish().partners_of(0, 5)[0].tolist() == []
    assert shop.table.partners_of(0, 5, guarded=False)[0].tolist() == [1]


def habits() -> BoughtTogether:
    """Pasta 0, sauce 1 and cheese 2 in all pairs; cheese with wine 3; much else."""
    shop = BoughtTogether(40)
    number = iter(range(10_000))
    for products in ([0, 1], [1, 2], [0, 2], [2, 3]):
        take(shop, *((next(number), products) for _ in range(20)))
    take(shop, *((next(number), [4 + n % 36]) for n in range(500)))
    shop.publish()
    return shop


def test_a_bundle_holds_only_products_that_all_belong_together() -> None:
    table = habits().table
    assert table.bundle(0, 4) == [0, 1, 2]
    assert sorted(table.bundle(3, 4)) == [2, 3]
    assert table.bundle(10, 4) == [10]


def test_customers_who_buy_in_separate_orders_are_evidence_too() -> None:
    shop, customers = BoughtTogether(30), PairCounts(30)
    take(shop, *((n, [n % 30]) for n in range(600)))
    customers.add(np.repeat(np.arange(40), 2), np.tile([5, 6], 40))
    customers.add(np.arange(100, 400), np.arange(300) % 30)
    table = shop.publish(customers)
    assert table.partners_of(5, 3)[0].tolist() == [6]
    assert table.support[table.row(5)].tolist() == [0]


def test_the_table_follows_the_stream_before_the_next_midnight() -> None:
    shop = habits()
    take(shop, *((20_000 + n, [3, 9]) for n in range(30)))
    assert 9 not in shop.table.partners_of(3, 5)[0]
    shop.refresh()
    assert shop.table.partners_of(3, 5)[0].tolist()[0] == 9
    assert shop.table.partners_of(0, 5)[0].tolist() == [1, 2]
    streamed = shop.table
    assert same(streamed, shop.publish()) or streamed.partners_of(3, 1)[0] == shop.table.partners_of(3, 1)[0]


@pytest.mark.real
def test_partners_on_grocery_are_also_bought_more_often_than_popular_or_merely_co_counted_ones(real_data: Path) -> None:
    folder = real_data / "amazon-grocery-rechorus"
    bought = pl.read_parquet(folder / "train.parquet")
    truth = also_buy(pl.read_parquet(folder / "item_meta.parquet"))
    shop = grocery_shop(bought)
    ours = precision_at(10, truth, shop.table.starts, shop.table.partners)
    assert ours > 0.125
    assert ours > 1.2 * precision_at(10, truth, *co_counted(shop.counts))
    assert ours > 100 * precision_at(10, truth, *popular(shop.counts))

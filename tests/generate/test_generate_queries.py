"""Queries: what they say, what they mean, and that their target sets are known."""

import polars as pl
import pytest

from recsim.behaviour import wanted
from recsim.behaviour.spelling import TYPO_KINDS, misspelt
from recsim.behaviour.synonyms import FILLERS, OUTSIDE, SYNONYMS
from recsim.behaviour.world import build
from recsim.dataset import Dataset
from recsim.scenario import Scenario


@pytest.fixture(scope="module")
def queries(clean: Dataset) -> pl.DataFrame:
    users = clean.frame("users", columns=["user_id", "tenant"])
    both = clean.frame("queries").join(clean.frame("truth/queries"), on="query_id")
    return both.join(users, on="user_id").sort("query_id")


@pytest.fixture(scope="module")
def products(clean: Dataset) -> pl.DataFrame:
    shelves = clean.frame("truth/products", columns=["product_id", "category_id"])
    return clean.frame("products").join(shelves, on="product_id").sort("product_id")


def meant(products: pl.DataFrame, paths: dict[int, list[str]], row: dict) -> list[int]:
    """The target set by the documented rule, over nothing but the columns of the products."""
    if row["depth"] == 0 and row["brand"] is None:
        return []
    found = products.filter(pl.col("tenant").cast(pl.String) == row["tenant"])
    if row["depth"]:
        found = found.filter(pl.col("category").list.head(row["depth"]) == paths[row["category_id"]][: row["depth"]])
    if row["brand"]:
        found = found.filter(pl.col("name").str.starts_with(row["brand"] + " "))
    if row["attribute"]:
        found = found.filter(pl.col("name").str.contains(f" {row['attribute']} ", literal=True))
    if row["model_number"]:
        found = found.filter(pl.col("name").str.ends_with(f" {row['model_number']}"))
    return found["product_id"].to_list()


def test_the_target_set_by_formula_is_the_one_by_the_rule_over_the_products(
    clean_scenario: Scenario, queries: pl.DataFrame, products: pl.DataFrame
) -> None:
    world = build(clean_scenario)
    shelf = wanted.shelf_of(world.traits.category, world.traits.words)
    paths = dict(products.select("category_id", "category").iter_rows())
    starts = world.catalogue.tenant_start
    for row in queries.gather_every(len(queries) // 60).iter_rows(named=True):
        tenant = world.tenants.index(row["tenant"])
        rules = world.queries.rules_of(row)
        found = wanted.targets(shelf, rules, 0, (int(starts[tenant]), int(starts[tenant + 1])))
        assert found.tolist() == meant(products, paths, row)
        assert (len(found) == 0) == (row["category_id"] is None)


def test_every_word_of_a_correct_query_without_synonyms_is_in_each_target(
    queries: pl.DataFrame, products: pl.DataFrame
) -> None:
    plain = queries.filter(
        pl.col("typo").is_null() & pl.col("synonym_of").is_null() & pl.col("category_id").is_not_null()
    )
    paths = dict(products.select("category_id", "category").iter_rows())
    for row in plain.gather_every(len(plain) // 40).iter_rows(named=True):
        words = row["text"]
        for filler in FILLERS:
            words = words.removeprefix(f"{filler} ")
        names = products["name"].gather(meant(products, paths, row)).str.to_lowercase().to_list()
        assert names
        assert all(set(words.split()) <= set(name.split()) for name in names)


def test_lengths_follow_the_scenario(queries: pl.DataFrame) -> None:
    first = queries.filter(
        pl.col("refines").is_null() & pl.col("synonym_of").is_null() & pl.col("category_id").is_not_null()
    )
    share = first["text"].str.split(" ").list.len().value_counts(normalize=True).sort("text")["proportion"].to_list()
    assert share[:4] == pytest.approx([0.048, 0.227, 0.352, 0.206], abs=0.05)


def test_typos_are_of_four_kinds_and_the_correct_text_is_known(queries: pl.DataFrame) -> None:
    first = queries.filter(pl.col("refines").is_null() & pl.col("category_id").is_not_null())
    typed = first.filter(pl.col("typo").is_not_null())
    assert len(typed) / len(first) == pytest.approx(0.10, abs=0.02)
    kinds = typed["typo"].cast(pl.String).value_counts(normalize=True)
    assert dict(kinds.iter_rows()) == pytest.approx(
        dict(zip(TYPO_KINDS, (0.40, 0.20, 0.25, 0.15), strict=True)), abs=0.07
    )
    for text, correct in typed.select("text", "correct_text").iter_rows():
        pairs = [pair for pair in zip(text.split(), correct.split(), strict=True) if pair[0] != pair[1]]
        assert len(pairs) == 1
    assert first.filter(pl.col("typo").is_null())["correct_text"].is_null().all()


def test_a_slip_never_makes_a_known_word() -> None:
    known = frozenset({"hat", "hot", "tie", "tied"})
    assert not known & set(misspelt("hat", known))
    assert not known & set(misspelt("tie", known))


def test_synonyms_stand_for_words_of_the_catalogue_and_no_product_has_them(
    queries: pl.DataFrame, products: pl.DataFrame
) -> None:
    used = queries.filter(pl.col("synonym_of").is_not_null())
    assert all(SYNONYMS[word] in text for word, text in used.select("synonym_of", "text").iter_rows())
    able = queries.filter(pl.col("typo").is_null() & pl.col("refines").is_null() & pl.col("category_id").is_not_null())
    assert 0.05 < len(used) / len(able) < 0.15
    words = set(" ".join(products["name"].to_list()).lower().split())
    foreign = [*SYNONYMS.values(), *OUTSIDE, *FILLERS]
    assert all(any(part not in words for part in text.split()) for text in foreign)


def test_a_query_for_what_nobody_sells_finds_no_word_in_the_catalogue(
    queries: pl.DataFrame, products: pl.DataFrame
) -> None:
    outside = queries.filter(pl.col("category_id").is_null())
    assert len(outside) / len(queries) == pytest.approx(0.05, abs=0.015)
    words = set(" ".join(products["name"].to_list()).lower().split())
    assert not any(set(text.split()) & words for text in outside["text"])


def test_a_refinement_follows_in_the_session_and_mends_or_narrows(
    queries: pl.DataFrame, products: pl.DataFrame
) -> None:
    second = queries.filter(pl.col("refines").is_not_null())
    joined = second.join(queries, left_on="refines", right_on="query_id", suffix="_first")
    assert len(joined) == len(second) > 100
    assert (joined["session"] == joined["session_first"]).all()
    assert (joined["event_timestamp"] > joined["event_timestamp_first"]).all()
    corrected = joined.filter(pl.col("refinement") == "corrected")
    assert (corrected["text"] == corrected["correct_text_first"]).all()
    narrowed = joined.filter(pl.col("refinement") == "narrowed")
    paths = dict(products.select("category_id", "category").iter_rows())
    for row in narrowed.head(30).iter_rows(named=True):
        before = {key: row[f"{key}_first"] for key in ("depth", "category_id", "brand", "attribute", "model_number")}
        wide = meant(products, paths, {**before, "tenant": row["tenant"]})
        assert set(meant(products, paths, row)) <= set(wide)


def test_half_of_the_searches_describe_the_product_viewed_next(clean: Dataset, queries: pl.DataFrame) -> None:
    views = clean.frame("events").filter(pl.col("event_type") == "view_product").sort("event_timestamp")
    exact = queries.filter(pl.col("model_number").is_not_null()).sort("event_timestamp")
    viewed = views.select("session", "event_timestamp", "product_id")
    next_view = exact.join_asof(viewed, on="event_timestamp", by="session", strategy="forward", check_sortedness=False)
    names = clean.frame("products", columns=["product_id", "name"])
    found = next_view.join(names, on="product_id")
    named = found["name"].str.split(" ").list.last() == found["model_number"].cast(pl.String)
    assert 0.45 < named.cast(pl.Int8).mean() < 0.75

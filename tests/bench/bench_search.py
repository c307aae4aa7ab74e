"""Search: speed at a million products beside the bare engine, and quality on human judgements. CPU time of one thread.

    python tests/bench/bench_search.py [--products 1000000] [--queries 300]
    python tests/bench/bench_search.py --judgements data/esci

Speed: the catalogue is written with the generator's own words, the queries too; a typo drops a letter. "tantivy" runs
the very queries that recsim compiled (hits, product numbers and counts), so the ratio is what planning, rescoring and
facets add.

Quality: nDCG@10 (linear gain) over all products of the world, those not judged counting as irrelevant. The settings are
chosen on four fifths of the queries and measured on the fifth, five times, over five ways to cut; `recsim` without
"cross-validated" is the shipped setting.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from scipy.sparse import csr_matrix

from recsim.behaviour import vocabulary as vocab
from recsim.behaviour.reviews import ReviewText
from recsim.behaviour.text import brand_of, brands, path_of
from recsim.components.product_index import Filters, SearchQuery, SearchWeights, columns_of
from recsim.components.search_engine import _COUNTED, TantivyProductIndex, _counting
from recsim.components.search_plan import plan
from recsim.components.search_request import FACETS
from recsim.components.synonyms import Synonyms
from recsim.dataset import Dataset
from recsim.metrics.base import parse
from recsim.metrics.judged import judge
from recsim.rng import words
from recsim.scenario import load_scenario

CATEGORIES, BATCH = 1_200, 20_000


def catalogue(products: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Documents as the generator writes them, each with the text of one review."""
    names, openings, details = brands(), vocab.DESCRIPTION_OPENINGS, vocab.DESCRIPTION_DETAILS
    paths = [path_of(category) for category in range(CATEGORIES)]
    reviews = ReviewText(load_scenario("base").reviews, 1)
    for low in range(0, products, BATCH):
        ids = np.arange(low, min(low + BATCH, products), dtype=np.int64)
        word = words(1, "bench/search", ids.astype(np.uint64))
        category = (word[:, 0] % CATEGORIES).astype(np.int64)
        brand = brand_of(category, word[:, 1])
        stars = 1 + (word[:, 2] >> 8).astype(np.int64) % 5
        texts = reviews.write(category, stars, ids).text
        for n, text in enumerate(texts.to_pylist()):
            drawn = [int(one) for one in word[n]]
            attribute = vocab.ATTRIBUTES[drawn[2] % len(vocab.ATTRIBUTES)]
            path = paths[category[n]]
            name = f"{names[brand[n]]} {attribute} {path[-1]} {100 + drawn[3] % 900}"
            told = f"{name} {openings[drawn[1] % len(openings)]} {details[drawn[3] % len(details)]}"
            yield int(ids[n]), {
                "product_name": name, "brand": names[brand[n]], "category": list(path), "product_details": told,
                "price_usd": round(3.0 * 1.0008 ** (drawn[0] >> 20), 2), "quantity": drawn[1] % 9,
                "stars": int(stars[n]),
                "review_text": text, "created_at": drawn[2] >> 1,
            }  # fmt: skip


def asked(number: int, category: int) -> str:
    """A query: every third with a brand, every second with an attribute, then the category."""
    brand = brands()[int(brand_of(np.array([category]), np.array([number], np.uint32))[0])].lower()
    attribute = vocab.ATTRIBUTES[number % len(vocab.ATTRIBUTES)]
    return " ".join([brand] * (number % 3 == 0) + [attribute] * (number % 2 == 0) + [path_of(category)[-1]])


def questions(n: int) -> dict[str, list[SearchQuery]]:
    """Queries of each kind. A page has 20 results; the service asks for 100 candidates."""
    category = np.arange(n, dtype=np.int64) * 37 % CATEGORIES
    typed = [asked(number, int(which)) for number, which in enumerate(category)]
    typos = [text[:-3] + text[-2:] for text in typed]
    narrow = [Filters((path_of(int(which))[0],), (), 5.0, 40.0, 3.0, in_stock=True) for which in category]
    pages = [(text, filters, "default", "relevance", FACETS) for text, filters in zip(typed, narrow, strict=True)]
    return {
        "keyword": [SearchQuery(text, 100) for text in typed],
        "typo": [SearchQuery(text, 100) for text in typos],
        "filtered": [SearchQuery(text, 100, 0, filters) for text, filters in zip(typed, narrow, strict=True)],
        "faceted": [SearchQuery(text, 100, facets=FACETS) for text in typed],
        "page": [SearchQuery(text, 100, 0, *rest) for text, *rest in pages],
        "by price": [SearchQuery(text, 20, sort="price") for text in typed],
    }  # fmt: skip


def bare(index: TantivyProductIndex, query: SearchQuery) -> Callable[[], object]:
    """The same work straight on tantivy, compiled beforehand."""
    found = plan(
        query.text,
        index.vocabulary(query.tenant),
        Synonyms(),
        has_phrase=lambda pair: index.has_phrase(pair, query.tenant),
    )
    compiler, searcher = index._compiler, index._searcher
    compiled = compiler.query(found, query.tenant, query.filters)
    counts: dict[Filters, dict[str, Any]] = {}
    for column, filters in columns_of(query).items():
        if column in _COUNTED:
            counts.setdefault(filters, {})[column] = _counting(column)
    asked = [(compiler.query(found, query.tenant, filters), columns) for filters, columns in counts.items()]
    order = {} if query.sort == "relevance" else {"order_by_field": "by_price", "order": tantivy.Order.Asc}

    def run() -> None:
        hits = searcher.search(compiled, query.n, **order)
        searcher.fast_field_values("product", [address for _, address in hits.hits])
        for inside, columns in asked:
            searcher.aggregate(inside, columns)

    return run


def cpu_ms(runs: list[Callable[[], object]]) -> np.ndarray:
    """CPU ms of each run: the median of three."""
    taken = np.empty((3, len(runs)))
    for turn, (place, run) in itertools.product(range(3), enumerate(runs)):
        started = time.process_time_ns()
        run()
        taken[turn, place] = (time.process_time_ns() - started) / 1e6
    return np.median(taken, axis=0)


HEAD = ("CPU ms", "recsim p50", "p99", "tantivy p50", "p99", "ratio p50", "p99", "of sums")


def speed(products: int, queries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = TantivyProductIndex(directory=Path(folder))
        started = time.process_time()
        index.build(catalogue(products))
        took = time.process_time() - started
        started = time.process_time()
        written = sum(1 for _ in catalogue(min(products, 100_000)))
        writing = (time.process_time() - started) * products / written
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        print(f"{products:,} products: {took - writing:.1f} CPU s to index ({writing:.1f} more to write them)")
        known = len(index.vocabulary(None).counts)
        print(f"{size / 2**20:.0f} MiB, {size / products:.0f} bytes a product; {known:,} words")
        print(("{:10}" + "{:>12}" * 7).format(*HEAD))
        for kind, asked in questions(queries).items():
            direct = cpu_ms([bare(index, query) for query in asked])
            ours = cpu_ms([lambda query=query: index.search(query) for query in asked])
            one, two = (np.percentile(times, [50, 99]) for times in (ours, direct))
            figures = (*one, *two, *(one / two), ours.sum() / direct.sum())
            print(("{:10}" + "{:12.2f}" * 7).format(kind, *figures))


def plain(world: Dataset, texts: list[str], *, stem: bool) -> np.ndarray:
    """BM25 over titles alone, any word, as tantivy gives it."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("product", fast=True)
    builder.add_text_field("title", tokenizer_name="en_stem" if stem else "default")
    index = tantivy.Index(builder.build())
    writer = index.writer(num_threads=1)
    rows = world.read("products", columns=["product_id", "name"]).to_pylist()
    for row in rows:
        writer.add_document(tantivy.Document(product=row["product_id"], title=row["name"] or ""))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    found = []
    for text in texts:
        query, _ = index.parse_query_lenient("".join(c if c.isalnum() else " " for c in text), ["title"])
        hits = searcher.search(query, 10).hits
        found.append(searcher.fast_field_values("product", [address for _, address in hits]))
    return padded(found)


def padded(found: list[Any]) -> np.ndarray:
    table = np.full((len(found), 10), -1, np.int64)
    for row, some in enumerate(found):
        table[row, : len(some[:10])] = some[:10]
    return table


CHOICES = {
    "name": (2.0, 3.0), "tie_breaker": (0.1, 0.2), "pair": (0.25, 0.5, 1.0), "all_words": (4.0, 8.0),
    "coherence": (0.0, 0.3),
}  # fmt: skip
GRID = [SearchWeights(**dict(zip(CHOICES, one, strict=True))) for one in itertools.product(*CHOICES.values())]
"""What cross-validation chooses from."""


def quality(reference: str) -> None:
    world = Dataset.open(reference)
    judgements = world.read("judgements")
    queries, texts = zip(
        *sorted(set(zip(*(judgements[c].to_pylist() for c in ("query_id", "text")), strict=True))), strict=True
    )
    rows = np.searchsorted(np.array(queries), judgements["query_id"].to_numpy())
    gains, products = judgements["gain"].to_numpy().astype(np.float64), judgements["product_id"].to_numpy()
    truth = csr_matrix((gains, (rows, products)), shape=(len(queries), world.products))
    truth.eliminate_zeros()
    metric = parse("ndcg_linear@10")

    def score(found: np.ndarray) -> np.ndarray:
        return np.asarray(metric.per_user(judge(np.arange(len(queries)), found, truth)))

    documents = [
        (row["product_id"], {
            "product_name": row["name"] or "", "brand": row["brand"], "category": row["category"],
            "product_details": row["description"], "price_usd": row["price_usd"],
        })
        for row in world.read("products").to_pylist()
    ]  # fmt: skip
    index = TantivyProductIndex()
    index.build(documents)

    def ours(weights: SearchWeights) -> np.ndarray:
        index.weigh(weights)
        return score(padded([index.search(SearchQuery(text, 10)).products.tolist() for text in texts]))

    shipped = ours(SearchWeights())
    table = {
        "BM25 on title": score(plain(world, list(texts), stem=False)),
        "BM25 on title, stemmed": score(plain(world, list(texts), stem=True)),
    }
    every = np.array([ours(one) for one in GRID])
    table["recsim, cross-validated"], spread = cross_validated(every)
    table["recsim, as shipped"] = shipped
    print(f"nDCG@10 of {len(queries)} queries over {world.products:,} products")
    base = table["BM25 on title"]
    random = np.random.default_rng(0)
    for name, values in table.items():
        means = (values - base)[random.integers(0, len(base), (2000, len(base)))].mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        print(
            f"{name:26} {values.mean():.4f}   {(values - base).mean():+.4f} [{low:+.4f}, {high:+.4f}] to BM25 on title"
        )
    print(f"spread of the cross-validated mean over five cuts: {spread:.4f}; settings tried: {len(GRID)}")


def cross_validated(every: np.ndarray) -> tuple[np.ndarray, float]:
    """Per query, the score under the settings best on the other four folds, averaged over five cuts; and the spread."""
    n = every.shape[1]
    cuts = []
    for seed in range(5):
        fold = np.random.default_rng(seed).permutation(n) % 5
        held = np.empty(n)
        for number in range(5):
            best = every[:, fold != number].mean(axis=1).argmax()
            held[fold == number] = every[best, fold == number]
        cuts.append(held)
    return np.mean(cuts, axis=0), statistics.stdev(float(cut.mean()) for cut in cuts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--judgements", help="a world with judgements (recsim import search-judgements …)")
    chosen = parser.parse_args()
    if chosen.judgements:
        quality(chosen.judgements)
    else:
        speed(chosen.products, chosen.queries)

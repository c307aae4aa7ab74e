"""The written design: its assumptions and its final table, both columns, held against the computed figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from recsim.capacity.forecast import Forecast, Size, significant
from recsim.units import GB, KB, human_bytes, human_count

Verdict = Literal[
    "right", "wrong", "inconsistent", "mislabelled", "incomplete", "missing", "ambiguous", "invalid", "unsafe"
]
"""right: within a quarter of the computed figure. wrong: not. inconsistent: the design says two things. mislabelled: a
figure of something else than its name. incomplete: right as far as it goes. missing: not in the design. ambiguous: can
be read in two ways. invalid: not what it claims to be (JSON). unsafe: works, and loses acknowledged data."""

CLOSE = 1.25
"""A claim within this factor of the computed figure is right."""


@dataclass(frozen=True)
class Assumptions:
    """What the design takes as given, in its own words and figures."""

    daily_active: float = 10e6
    products: float = 100e3
    product_bytes: float = 10 * KB
    images: tuple[float, float] = (5, 20)
    images_mean: float = 10
    videos: tuple[float, float] = (2, 5)
    videos_mean: float = 3
    replication: float = 3
    shard_bytes: tuple[float, float] = (10 * GB, 50 * GB)
    key_bytes: float = 10 * KB
    scale: float = 10


ASSUMED = Assumptions()


def design_sizes(registered_per_active: float) -> tuple[Size, Size]:
    """The two columns of the design's table; the design knows no registered users, so the scenario's ratio is used."""
    active, products = ASSUMED.daily_active, ASSUMED.products
    first = Size(active, active * registered_per_active, products)
    second = Size(*(ASSUMED.scale * figure for figure in (first.daily_active, first.registered, first.products)))
    return first, second


@dataclass(frozen=True)
class Claim:
    """A row of the design's final table: what it says in each column, and the computed quantity it should equal."""

    row: str
    said: tuple[str, str]
    figures: tuple[float, float]
    unit: str
    component: str
    quantities: tuple[str, str]
    otherwise: tuple[Verdict, Verdict]
    reason: str


CLAIMS = (
    Claim(
        "1 product",
        ("10 KB", "no change"),
        (10_000, 10_000),
        "B/product",
        "product_store",
        ("one product", "one product"),
        ("wrong", "wrong"),
        "one of the constants; public product metadata are nearer to 3 KB, so it is on the safe side",
    ),
    Claim(
        "MongoDB",
        ("1 shard (3-node replica set)", "8 shards"),
        (1, 8),
        "shards",
        "product_store",
        ("shards", "shards"),
        ("wrong", "wrong"),
        "products, reviews and profiles with indexes need fewer than the 1 TB the design divides; "
        "the working set asks for the second shard, no rule for an eighth",
    ),
    Claim(
        "Elasticsearch",
        ("~50 shards", "500 shards"),
        (50, 500),
        "shards",
        "search_index",
        ("primary shards", "primary shards"),
        ("wrong", "wrong"),
        "divides 1 TB that is 1 GB; a search that fans out to every shard also meets each one's slowest hundredth",
    ),
    Claim(
        "replication",
        ("factor = 3", "no change"),
        (3, 3),
        "copies",
        "product_store",
        ("members", "members"),
        ("wrong", "wrong"),
        "three for log, index and documents; two for the cache; object storage replicates itself",
    ),
    Claim(
        "S3 images",
        ("1 million images", "10 million images"),
        (1e6, 10e6),
        "images",
        "object_storage",
        ("originals", "originals"),
        ("incomplete", "incomplete"),
        "the catalogue's images are right; users upload more with their reviews, and each has renditions",
    ),
    Claim(
        "S3 videos",
        ("300K videos", "3 million videos"),
        (300e3, 3e6),
        "videos",
        "object_storage",
        ("videos", "videos"),
        ("wrong", "wrong"),
        "100,000 products with three each; the bytes are not said",
    ),
    Claim(
        "Redis (inventory)",
        ("1 GB (1 to 2 nodes)", "20 nodes"),
        (1e9, 20),
        "B",
        "feature_store",
        ("inventory cache", "nodes for inventory alone"),
        ("mislabelled", "wrong"),
        "1 GB is every product document; stock takes 106 B a product and one pair of nodes. "
        "About twenty nodes and more are what user features need, which the design leaves out",
    ),
)


def table_rows(first: Forecast, second: Forecast) -> list[dict[str, Any]]:
    """The `design` of a plan: each row of the design's table, then each row it omits, with both columns."""
    rows = [_claimed(claim, first, second) for claim in CLAIMS]
    covered = {(claim.component, name) for claim in CLAIMS for name in claim.quantities}
    for component, quantity in first.quantities():
        if (component, quantity.name) not in covered:
            row: dict[str, Any] = {"row": f"{component}: {quantity.name}", "reason": "not in the design"}
            for key, forecast in (("10m", first), ("100m", second)):
                row[key] = _column(forecast, component, quantity.name, "", None, "missing")
            rows.append(row)
    return rows


def _claimed(claim: Claim, first: Forecast, second: Forecast) -> dict[str, Any]:
    row: dict[str, Any] = {"row": claim.row, "reason": claim.reason}
    for i, (key, forecast) in enumerate((("10m", first), ("100m", second))):
        row[key] = _column(
            forecast, claim.component, claim.quantities[i], claim.said[i], claim.figures[i], claim.otherwise[i]
        )
    return row


def _column(
    forecast: Forecast, component: str, name: str, said: str, figure: float | None, otherwise: Verdict
) -> dict[str, Any]:
    quantity = next(q for q in forecast.demands[component].quantities if q.name == name)
    estimate = forecast.estimate(quantity)
    ratio = significant(figure / estimate.value) if figure is not None and estimate.value else None
    return {
        "component": component,
        "quantity": name,
        "claimed": said,
        "computed": written(estimate.value, estimate.unit),
        "claimed_value": figure,
        "computed_value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "unit": estimate.unit,
        "ratio": ratio,
        "verdict": verdict(ratio, otherwise),
    }


def verdict(ratio: float | None, otherwise: Verdict) -> Verdict:
    """`right` for a ratio near one; else what is wrong with the line."""
    return "right" if ratio is not None and 1 / CLOSE <= ratio <= CLOSE else otherwise


def written(figure: float, unit: str) -> str:
    """A figure for a reader: `1 GB`, `2 shards`, `1.5 GB/month`."""
    if unit == "B" or unit.startswith(("B/", "B ")):
        return human_bytes(figure) + unit[1:]
    if unit == "USD/year":
        return f"${human_count(figure)}/year"
    one = figure == 1 and unit.endswith("s") and " " not in unit and "/" not in unit
    return f"{human_count(figure)} {unit[:-1] if one else unit}"

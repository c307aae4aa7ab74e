"""The scenarios `dirty` and `hostile`: what they rehearse can be checked exactly, because the world knows."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.scenario import load_scenario

NO_FATES = [f"transport.{fate}_share=0" for fate in ("late", "duplicate", "reordered", "future", "lost")]
WORDS = ["event_type", "device", "tenant"]
HAPPENED = ["event_timestamp", "user_id", "product_id", *WORDS]
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    folder: Path = tmp_path_factory.mktemp("rehearsals")

    def world(name: str, *sets: str) -> Dataset:
        out = folder / f"{name}-{len(sets)}"
        if not out.exists():
            generate(load_scenario(name, sets=sets), out, workers=1)
        return Dataset.open(out)

    return world


def facts(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """What happened, in order of time, without the numbers that arrival gives."""
    return sorted(frame.select(HAPPENED).with_columns(pl.col(WORDS).cast(pl.String)).rows(), key=str)


def stream(deliveries: pl.DataFrame, lateness_ms: int) -> tuple[list[int], list[int]]:
    """The ids that a reader passes on, and those that came too late for him.

    He takes deliveries as they arrive, each id once, holds every event back for the lateness, and passes on the oldest
    first.
    """
    waiting: list[tuple[int, int]] = []
    known: set[int] = set()
    passed, late = [], []
    columns = deliveries.select("event_id", pl.col("event_timestamp").dt.epoch("ms"), "arrival_delay_ms")
    for event, at_ms, delay_ms in columns.iter_rows():
        watermark = at_ms + delay_ms - lateness_ms
        while waiting and waiting[0][0] < watermark:
            passed.append(heapq.heappop(waiting)[1])
        if event in known:
            continue
        known.add(event)
        if at_ms < watermark:
            late.append(event)
        else:
            heapq.heappush(waiting, (at_ms, event))
    return passed + [event for _, event in sorted(waiting)], late


def test_the_clean_stream_comes_back_exactly_by_dedupe_and_ordering_within_the_lateness(made) -> None:  # type: ignore[no-untyped-def]
    dirty, clean = made("dirty"), made("dirty", *NO_FATES)
    truth = dirty.frame("truth/transport")
    fates = dict(truth.with_columns(pl.col("fate").cast(pl.String)).select("event_id", "fate").iter_rows())
    log = dirty.frame("events").unique("event_id", keep="first")
    found: list[pl.DataFrame] = []
    too_late = 0
    for file in dirty.files("events"):
        deliveries = pl.read_parquet(file, hive_partitioning=False)
        assert deliveries["event_id"].n_unique() < len(deliveries), "some of it is delivered twice"
        passed, late = stream(deliveries, 60 * MINUTE_MS)
        in_order = deliveries.unique("event_id", keep="first").join(
            pl.DataFrame({"event_id": passed}), on="event_id", maintain_order="right"
        )
        assert in_order["event_timestamp"].is_sorted(), "what is passed on is in order"
        delays = dict(deliveries.unique("event_id", keep="first").select("event_id", "arrival_delay_ms").iter_rows())
        assert set(late) == {event for event, delay in delays.items() if delay > 60 * MINUTE_MS}
        assert not stream(deliveries, 24 * 60 * MINUTE_MS)[1], "who waits a day loses nothing that is delivered"
        too_late += len(late)
        found.append(in_order)
    passed_on = pl.concat(found)
    right = passed_on.filter(~pl.col("event_id").is_in(list(fates)))
    missing = log.filter(
        ~pl.col("event_id").is_in(passed_on["event_id"].to_list()) & ~pl.col("event_id").is_in(list(fates))
    )
    assert len(missing) > 0
    assert set(fates.values()) == {"lost", "future"}
    assert facts(
        pl.concat([right.select(HAPPENED), missing.select(HAPPENED), truth.select(HAPPENED)], how="vertical_relaxed")
    ) == facts(clean.frame("events"))
    assert too_late >= len(missing)


def test_adversaries_are_all_labelled_and_nobody_else_is(made) -> None:  # type: ignore[no-untyped-def]
    hostile, smoke = made("hostile"), made("smoke")
    labels = hostile.frame("truth/adversaries").with_columns(pl.col("kind").cast(pl.String))
    assert dict(labels.group_by("kind").len().iter_rows()) == {
        "crawler": 4, "carder": 10, "vote_ring": 24, "fake_reviews": 16
    }  # fmt: skip
    accounts = labels["user_id"].to_list()

    def customers(world: Dataset) -> list[tuple[object, ...]]:
        """All they did but vote: whose reviews there are to vote on is not the same."""
        events = world.frame("events").unique("event_id").filter(~pl.col("user_id").is_in(accounts))
        return facts(events.filter(~pl.col("event_type").cast(pl.String).is_in(["upvote", "downvote"])))

    assert customers(hostile) == customers(smoke), "the others do what they did without adversaries"
    assert not smoke.has("truth/adversaries") or not len(smoke.frame("truth/adversaries"))
    views = hostile.frame("events").filter(pl.col("event_type") == "view_product").group_by("user_id").len("views")
    crawlers = labels.filter(pl.col("kind") == "crawler").join(views, on="user_id")
    assert crawlers["views"].min() > views.join(labels, on="user_id", how="anti")["views"].max()
    ring = labels.filter(pl.col("kind") == "vote_ring").drop_nulls("target_review_id")
    votes = hostile.frame("votes").join(ring, on="user_id")
    assert len(votes) > 0
    assert (votes["review_id"] == votes["target_review_id"]).any()

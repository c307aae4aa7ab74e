"""Dirty transport: the clean stream comes back exactly, from the log and the truth of what the log lacks."""

import polars as pl
import pytest

from recsim.dataset import Dataset

CONTENT = ["user_id", "event_timestamp", "event_type", "product_id", "device", "tenant"]


def content(frame: pl.DataFrame) -> pl.DataFrame:
    """What happened, in order, without the numbers that the order of arrival gives."""
    plain = frame.select(CONTENT).with_columns(pl.col("event_type", "device", "tenant").cast(pl.String))
    return plain.sort(CONTENT)


def test_the_clean_stream_is_the_log_without_repeats_and_with_the_truth_in_its_place(
    clean: Dataset, dirty: Dataset
) -> None:
    log = dirty.frame("events").unique("event_id", keep="first")
    truth = dirty.frame("truth/transport")
    kept = log.join(truth, on="event_id", how="anti")
    recovered = pl.concat(
        [kept.select(truth.columns[0], *truth.columns[2:]), truth.drop("fate")], how="vertical_relaxed"
    )
    assert content(recovered).equals(content(clean.frame("events")))
    lost = truth.filter(pl.col("fate") == "lost")["event_id"]
    assert not set(lost) & set(log["event_id"])
    assert recovered["event_id"].n_unique() == len(recovered)


def test_ordering_within_the_lateness_bound_gives_back_the_order(dirty: Dataset) -> None:
    """A reader that waits for the longest delay, and takes each id once, sees every partition in event-time order."""
    future = set(dirty.frame("truth/transport").filter(pl.col("fate") == "future")["event_id"])
    for file in dirty.files("events"):
        frame = pl.read_parquet(file, hive_partitioning=False)
        frame = frame.filter(~pl.col("event_id").is_in(future)).unique("event_id", keep="first", maintain_order=True)
        times = frame["event_timestamp"].dt.epoch("ms")
        delays = frame["arrival_delay_ms"]
        assert (times.cum_max() - times).max() <= delays.max()
        assert (times + delays).is_sorted()


def test_the_shares_of_fates_are_those_of_the_scenario(dirty: Dataset) -> None:
    facts = dirty.manifest.facts
    happened = facts["unique_events"] + facts["lost"]
    truth = dirty.frame("truth/transport")["fate"].cast(pl.String).value_counts()
    counts = dict(truth.iter_rows())
    assert counts["lost"] == facts["lost"]
    assert counts["lost"] / happened == pytest.approx(0.02, rel=0.1)
    assert counts["future"] / happened == pytest.approx(0.01, rel=0.15)
    assert facts["duplicates"] / happened == pytest.approx(0.05, rel=0.05)


def test_a_future_date_is_in_the_log_and_the_true_one_in_the_truth(dirty: Dataset) -> None:
    future = dirty.frame("truth/transport").filter(pl.col("fate") == "future")
    both = dirty.frame("events").join(future, on="event_id", suffix="_true")
    ahead_s = (both["event_timestamp"] - both["event_timestamp_true"]).dt.total_seconds()
    assert ahead_s.median() == pytest.approx(7200, rel=0.1)
    assert (both["arrival_delay_ms"] < 0).mean() > 0.95
    assert (both["session"] == both["session_true"]).all()


def test_the_tables_hold_what_happened_whatever_the_log_lost(clean: Dataset, dirty: Dataset) -> None:
    for table in ("sessions", "queries", "reviews", "votes"):
        assert clean.frame(table).height == dirty.frame(table).height
    keys = ["user_id", "event_timestamp", "text"]
    assert clean.frame("queries").select(keys).sort(keys).equals(dirty.frame("queries").select(keys).sort(keys))

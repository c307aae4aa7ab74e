"""What every topic log must do, on each implementation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsim.components.segment_log import SegmentLog
from recsim.components.topics import Record, TopicLog
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect


@pytest.fixture(scope="module")
def mock_cluster() -> Iterator[TopicLog]:
    """The broker that the Kafka client brings, or a real one named by KAFKA_URL."""
    log: TopicLog = connect("topics", os.environ.get("KAFKA_URL", "mock-kafka:"))
    yield log
    log.close()


@pytest.fixture(params=["embedded", "embedded-file", "kafka"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TopicLog]:
    if request.param == "kafka":
        yield request.getfixturevalue("mock_cluster")
        return
    found: TopicLog = connect("topics", "embedded:" if request.param == "embedded" else f"embedded:{tmp_path}/log")
    yield found
    found.close()


def records(count: int, *, key: str = "user{}") -> list[Record]:
    return [Record(key.format(n % 7), f"value {n}".encode(), 1_000_000 + n) for n in range(count)]


def test_what_is_appended_is_fetched_once_in_order_of_its_key_and_again_until_it_is_committed(log: TopicLog) -> None:
    sent = records(60)
    placed = log.append("votes", sent)
    assert len({(partition, offset) for partition, offset in placed}) == 60
    first = log.fetch("votes", "sync", 1_000)
    assert sorted(delivery.record.value for delivery in first) == sorted(record.value for record in sent)
    by_key: dict[str, list[Record]] = {}
    for delivery in first:
        by_key.setdefault(delivery.record.key, []).append(delivery.record)
    assert by_key == {key: [record for record in sent if record.key == key] for key in by_key}
    assert log.fetch("votes", "sync", 1_000) == []
    log.rewind("votes", "sync")
    assert {delivery.record for delivery in log.fetch("votes", "sync", 1_000)} == set(sent)
    log.commit("votes", "sync")
    log.rewind("votes", "sync")
    assert log.fetch("votes", "sync", 1_000) == []


def test_groups_read_for_themselves(log: TopicLog) -> None:
    log.append("reviews", records(5))
    assert len(log.fetch("reviews", "index", 100)) == 5
    assert len(log.fetch("reviews", "features", 100)) == 5


def test_a_limit_leaves_the_rest_for_the_next_fetch(tmp_path: Path) -> None:
    log = connect("topics", f"embedded:{tmp_path}/log")
    log.append("events", records(50))
    found = [log.fetch("events", "one", 8) for _ in range(8)]
    assert [len(part) for part in found] == [8, 8, 8, 8, 8, 8, 2, 0]
    assert {delivery.record for part in found for delivery in part} == set(records(50))


def test_a_log_opened_again_holds_what_was_appended_and_the_groups_commits(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path / "log")
    log.append("votes", records(10))
    log.fetch("votes", "sync", 4)
    log.commit("votes", "sync")
    log.append("votes", records(3))
    again = SegmentLog(tmp_path / "log")
    assert len(again.fetch("votes", "sync", 100)) == 9
    assert sum(again.end("votes")) == 13


def test_a_torn_end_is_cut_off_and_a_damaged_middle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsim.components.segment_log.SEGMENT_BYTES", 200)
    log = SegmentLog(tmp_path / "log", partitions=1)
    log.append("votes", records(20))
    log.close()
    files = sorted((tmp_path / "log/votes/0000").glob("*.log"))
    assert len(files) > 2
    with files[-1].open("ab") as out:
        out.write(b"\x40\x00\x00\x00torn")
    again = SegmentLog(tmp_path / "log", partitions=1)
    assert len(again.fetch("votes", "g", 100)) == 20
    again.append("votes", records(1))
    assert len(again.fetch("votes", "g", 100)) == 1
    again.close()
    files[0].write_bytes(files[0].read_bytes()[:-3])
    with pytest.raises(BadInput, match="is damaged after"):
        SegmentLog(tmp_path / "log", partitions=1).end("votes")


def test_retention_removes_whole_old_segments_and_reading_goes_on_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsim.components.segment_log.SEGMENT_BYTES", 200)
    log = SegmentLog(tmp_path / "log", partitions=1)
    log.append("votes", records(20))
    removed = log.retain("votes", since_us=1_000_010)
    assert 0 < removed <= 10
    assert [delivery.offset for delivery in log.fetch("votes", "late", 100)] == list(range(removed, 20))


def test_no_broker_is_named() -> None:
    with pytest.raises(ServiceUnavailable, match=r"no Kafka answers at kafka://127.0.0.1:9"):
        connect("topics", "kafka://127.0.0.1:9")


@pytest.mark.parametrize("url", ["kafka:", "kafka://"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="not a Kafka URL"):
        connect("topics", url)


def test_a_topic_name_can_not_leave_the_log(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no name for a topic"):
        SegmentLog(tmp_path / "log").append("../elsewhere", records(1))

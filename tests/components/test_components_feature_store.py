"""Keys and values of the feature store, and what a wrong address says."""

from __future__ import annotations

import json
import socket

import numpy as np
import pytest

from recsim.components.feature_store import (
    EmbeddedFeatureStore,
    features_key,
    pack_features,
    pack_session,
    session_key,
    unpack_session,
    with_embedding,
)
from recsim.errors import BadInput, ServiceUnavailable
from recsim.schema.wire import SessionFeatures, UserFeatures
from recsim.wiring import connect

RECORD = UserFeatures(
    embeddings=[0.12, -0.4],
    recently_viewed=["prod1"],
    preferred_categories=["laptop"],
    recency_score=0.77,
    click_through_rate=0.32,
)
SESSION = SessionFeatures(device="mobile", current_session_duration=20, current_session_clicks=3)


def test_keys_are_those_of_the_design_and_other_tenants_have_a_prefix() -> None:
    assert features_key("user7") == "user:user7:features"
    assert session_key("user7") == "user:user7:session"
    assert session_key("user7", "acme") == "tenant:acme:user:user7:session"


def test_a_features_value_is_the_json_of_the_record() -> None:
    assert json.loads(pack_features(RECORD)) == RECORD.model_dump()


def test_a_session_value_says_when_it_expires() -> None:
    assert json.loads(pack_session(SESSION, 99)) == {**SESSION.model_dump(), "expires_at": 99}
    assert unpack_session(pack_session(SESSION, 99), 98) == (SESSION, 1)
    assert unpack_session(pack_session(SESSION, 99), 99) is None


def test_a_new_embedding_leaves_the_rest_of_a_record() -> None:
    changed = json.loads(with_embedding(pack_features(RECORD), np.array([1 / 3, 2], np.float32)))
    assert changed == {**RECORD.model_dump(), "embeddings": [0.333333, 2.0]}


def test_an_address_behind_embedded_is_refused() -> None:
    with pytest.raises(BadInput, match="takes no address"):
        connect("features", "embedded://localhost")


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match='unknown feature store URL "rediss-typo://x"'):
        connect("features", "rediss-typo://x")


def test_an_address_that_is_not_one_is_refused() -> None:
    with pytest.raises(BadInput, match="is not a Redis address"):
        connect("features", "redis://localhost:notaport/0")


def test_a_server_that_is_not_there_is_named_with_exit_code_4_and_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(ServiceUnavailable, match=f"redis://127.0.0.1:{port}/0 does not answer") as refused:
        connect("features", f"redis://:secret@127.0.0.1:{port}/0")
    assert refused.value.exit_code == 4
    assert "secret" not in str(refused.value)


def test_closing_an_embedded_store_empties_it() -> None:
    store = EmbeddedFeatureStore.from_url("embedded:")
    store.put_features(["a"], [RECORD])
    store.close()
    assert store.get_features(["a"]) == [None]

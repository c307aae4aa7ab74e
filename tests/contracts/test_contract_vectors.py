"""What every embedding store and every store of nightly lists promises: embedded, on fakes, and on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from servers import valkey

from recsim.components.embedding_store import EmbeddingStore, keep_last
from recsim.components.precomputed import PrecomputedStore
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect

VECTORS = np.array([[0.5, -1.25], [3.0, 1e-7], [0.0, 0.0]], np.float32)
KEYS = ["user1", "user/2 ü", "user3"]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture(params=["file", "fakeredis:", "server", "dynamodb"])
def embeddings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EmbeddingStore]:
    if request.param == "dynamodb":
        moto = pytest.importorskip("moto", reason="moto, the stand-in for AWS, is not installed")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        with moto.mock_aws():
            yield connect("embeddings", "dynamodb:us-east-1/embeddings")
        return
    url = f"file:{tmp_path}" if request.param == "file" else request.param
    store = connect("embeddings", request.getfixturevalue("server_url") if url == "server" else url)
    if request.param == "server":
        store._client.flushdb()
    yield store
    store.close()


class TestEmbeddingStore:
    def test_vectors_come_back_bit_by_bit_in_the_order_asked(self, embeddings: EmbeddingStore) -> None:
        embeddings.publish("user", KEYS, VECTORS, version=1)
        found = embeddings.get("user", ["user3", "missing", "user/2 ü", "user3"], version=1)
        assert found[1] is None
        assert [None if row is None else row.tolist() for row in found] == [
            VECTORS[2].tolist(), None, VECTORS[1].tolist(), VECTORS[2].tolist(),
        ]  # fmt: skip

    def test_versions_kinds_and_tenants_do_not_mix(self, embeddings: EmbeddingStore) -> None:
        embeddings.publish("user", KEYS, VECTORS, version=1)
        embeddings.publish("user", KEYS[:1], 2 * VECTORS[:1], version=2)
        embeddings.publish("product", KEYS[:1], 3 * VECTORS[:1], version=1, tenant="acme")
        assert embeddings.get("user", KEYS[:2], version=2)[1] is None
        assert embeddings.get("user", KEYS[:1], version=2)[0].tolist() == [1.0, -2.5]
        assert embeddings.get("product", KEYS[:1], version=1) == [None]
        assert embeddings.get("product", KEYS[:1], version=1, tenant="acme")[0].tolist() == [1.5, -3.75]
        assert embeddings.get("product", KEYS[:1], version=1, tenant="acme/../default") == [None]

    def test_a_version_published_again_has_only_what_is_new(self, embeddings: EmbeddingStore) -> None:
        embeddings.publish("user", KEYS, VECTORS, version=1)
        embeddings.publish("user", KEYS[1:2], VECTORS[:1], version=1)
        assert embeddings.get("user", KEYS[:2], version=1)[0] is None
        assert embeddings.get("user", KEYS[:2], version=1)[1].tolist() == [0.5, -1.25]

    def test_the_last_versions_are_kept_and_a_dropped_one_is_gone(self, embeddings: EmbeddingStore) -> None:
        for version in (1, 2, 10):
            embeddings.publish("user", KEYS, VECTORS * version, version=version)
        keep_last(embeddings, "user")
        assert embeddings.versions("user") == [2, 10]
        assert embeddings.get("user", KEYS[:1], version=1) == [None]
        embeddings.drop("user", 7)
        assert embeddings.versions("user", tenant="nobody") == []

    def test_more_keys_than_one_command_takes(self, embeddings: EmbeddingStore) -> None:
        keys = [f"user{n}" for n in range(1_203)]
        embeddings.publish("user", keys, np.arange(2_406, dtype=np.float32).reshape(-1, 2), version=1)
        found = embeddings.get("user", keys[::-1], version=1)
        assert [float(row[0]) for row in found] == [2.0 * n for n in range(1_202, -1, -1)]


@pytest.fixture(params=["embedded:", "fakeredis:", "server"])
def lists(request: pytest.FixtureRequest) -> Iterator[PrecomputedStore]:
    url = request.getfixturevalue("server_url") if request.param == "server" else request.param
    store = connect("precomputed", url)
    if request.param == "server":
        store._client.flushdb()
    yield store
    store.close()


class TestPrecomputedStore:
    def test_a_list_comes_back_best_first_without_its_empty_places(self, lists: PrecomputedStore) -> None:
        lists.publish(["a", "b"], np.array([[9, 4, -1], [1, 2, 3]], np.int32), version=1)
        found = lists.get(["b", "missing", "a"])
        assert [None if row is None else row.tolist() for row in found] == [[1, 2, 3], None, [9, 4]]

    def test_a_night_replaces_the_one_before_whole(self, lists: PrecomputedStore) -> None:
        lists.publish(["a", "b"], np.array([[9], [1]], np.int32), version=1)
        lists.publish(["a"], np.array([[5]], np.int32), version=2)
        assert lists.get(["a"])[0].tolist() == [5]
        assert lists.get(["b"]) == [None]

    def test_tenants_do_not_see_each_other(self, lists: PrecomputedStore) -> None:
        lists.publish(["a"], np.array([[9]], np.int32), version=1, tenant="acme")
        assert lists.get(["a"]) == [None]
        assert lists.get([], tenant="acme") == []
        assert lists.get(["a"], tenant="acme")[0].tolist() == [9]


def test_a_kill_in_the_middle_of_publishing_leaves_the_version_before(tmp_path: Path) -> None:
    store = connect("embeddings", f"file:{tmp_path}")
    store.publish("user", KEYS, VECTORS, version=1)
    (tmp_path / "default" / "user" / "v0002.partial").mkdir()
    assert connect("embeddings", f"file:{tmp_path}").versions("user") == [1]


@pytest.mark.parametrize(
    ("port", "url", "says"),
    [
        ("embeddings", "dynamodb:us-east-1", "write dynamodb:REGION/TABLE"),
        ("embeddings", "files:", "unknown embedding store"),
        ("precomputed", "embedded:x", 'must be "embedded:"'),
    ],
)
def test_an_address_that_is_none_is_told_in_a_sentence(port: str, url: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        connect(port, url)


def test_a_dynamodb_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ServiceUnavailable, match="does not answer for table t"):
        connect("embeddings", "dynamodb:us-east-1/t?endpoint=http://127.0.0.1:9")

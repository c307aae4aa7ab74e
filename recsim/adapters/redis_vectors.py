"""Embeddings and nightly lists on a Redis-protocol server, through redis-py: `redis://host:port/db` or `fakeredis:`.

A vector is its float32 bytes in a field of the hash `embeddings:{tenant}:{kind}:{version}`; the versions that are whole
stand in the set `embeddings:{tenant}:{kind}`, to which one is added when its last field is written. Nightly lists are
packed strings. Fit up to some millions of keys (300 bytes each and the vector).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsim.adapters.redis import BATCH, answer, connect
from recsim.components.embedding_store import Kind, check_set
from recsim.components.precomputed import pack, top_key, unpack

_TWO_DAYS_S = 172_800
"""A server's own expiry of a nightly list, on the wall clock: what no later night replaced is collected."""


class RedisEmbeddingStore:
    """The embedding store; see `EmbeddingStore`."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - redis.Redis and its fake have no common type
        self._client = client
        self._url = url

    @classmethod
    def from_url(cls, url: str) -> Self:
        return cls(connect(url), url)

    def publish(
        self, kind: Kind, keys: Sequence[str], vectors: NDArray[np.float32], *, version: int, tenant: str = "default"
    ) -> None:
        check_set(keys, vectors, version)
        self.drop(kind, version, tenant=tenant)
        name = _name(tenant, kind, version)
        packed = np.ascontiguousarray(vectors, "<f4")
        for start in range(0, len(keys), BATCH):
            part = slice(start, start + BATCH)
            fields = {key: row.tobytes() for key, row in zip(keys[part], packed[part], strict=True)}
            answer(self._url, lambda fields=fields: self._client.hset(name, mapping=fields))  # type: ignore[misc]
        answer(self._url, lambda: self._client.sadd(_name(tenant, kind), version))

    def get(
        self, kind: Kind, keys: Sequence[str], *, version: int, tenant: str = "default"
    ) -> list[NDArray[np.float32] | None]:
        if version not in self.versions(kind, tenant=tenant):
            return [None] * len(keys)
        found: list[NDArray[np.float32] | None] = []
        for start in range(0, len(keys), BATCH):
            part = list(keys[start : start + BATCH])
            values = answer(
                self._url,
                lambda part=part: self._client.hmget(_name(tenant, kind, version), part),  # type: ignore[misc]
            )
            found += [None if value is None else np.frombuffer(value, "<f4").astype(np.float32) for value in values]
        return found

    def versions(self, kind: Kind, *, tenant: str = "default") -> list[int]:
        return sorted(int(value) for value in answer(self._url, lambda: self._client.smembers(_name(tenant, kind))))

    def drop(self, kind: Kind, version: int, *, tenant: str = "default") -> None:
        answer(self._url, lambda: self._client.srem(_name(tenant, kind), version))
        answer(self._url, lambda: self._client.unlink(_name(tenant, kind, version)))

    def close(self) -> None:
        self._client.close()


def _name(tenant: str, kind: Kind, version: int | None = None) -> str:
    """The name of a set of versions, or of a version's hash. Length first, so that no tenant's name reaches another."""
    whole = f"embeddings:{len(tenant)}:{tenant}:{kind}"
    return whole if version is None else f"{whole}:v{version}"


class RedisPrecomputedStore:
    """The nightly lists; see `PrecomputedStore`."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - redis.Redis and its fake have no common type
        self._client = client
        self._url = url

    @classmethod
    def from_url(cls, url: str) -> Self:
        return cls(connect(url), url)

    def publish(
        self, users: Sequence[str], products: NDArray[np.int32], *, version: int, tenant: str = "default"
    ) -> None:
        """Lists of the night before that get no successor go when the server's expiry comes: until then `get` tells
        them by their version, which is not the one published last."""
        assert len(users) == len(products), f"{len(users)} users and {len(products)} lists"
        for start in range(0, len(users), BATCH):
            pipeline = self._client.pipeline(transaction=False)
            for user, row in zip(users[start : start + BATCH], products[start : start + BATCH], strict=True):
                pipeline.set(top_key(user, tenant), pack(row, version), ex=_TWO_DAYS_S)
            answer(self._url, pipeline.execute)
        answer(self._url, lambda: self._client.set(_night(tenant), version))

    def get(self, users: Sequence[str], *, tenant: str = "default") -> list[NDArray[np.int64] | None]:
        if not users:
            return []
        keys = [_night(tenant), *(top_key(user, tenant) for user in users)]
        night, *values = answer(self._url, lambda: self._client.mget(keys))
        fresh = -1 if night is None else int(night)
        return [
            unpack(value) if value is not None and int.from_bytes(value[:4], "little") == fresh else None
            for value in values
        ]

    def close(self) -> None:
        self._client.close()


def _night(tenant: str) -> str:
    return "top:version" if tenant == "default" else f"tenant:{tenant}:top:version"

"""The feature store on a Redis-protocol server, through redis-py: `redis://host:port/db`, or `fakeredis:` in memory.

Both use this one class; only the client object differs. Commands go in batches (MGET, MSET, pipelines) because a single
call costs a client tens of microseconds. The server's own EXPIRE runs on the wall clock: it is set so that a TTL shows,
and collects what is left behind; who reads compares `expires_at` in the value with simulated time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeVar

import numpy as np
import redis
from numpy.typing import NDArray

from recsim.components.feature_store import (
    check_lengths,
    features_key,
    pack_features,
    pack_session,
    records_of,
    seconds_left_of,
    session_key,
    unpack_features,
    unpack_session,
    with_embedding,
)
from recsim.errors import BadInput, ServiceUnavailable
from recsim.schema.wire import SessionFeatures, UserFeatures
from recsim.units import US_PER_SECOND

BATCH = 1000
"""Keys in one command or pipeline."""

CONNECT_TIMEOUT_S = 3.0

_Answer = TypeVar("_Answer")


def connect(url: str) -> Any:  # noqa: ANN401 - redis.Redis and fakeredis.FakeRedis have no common public type
    """A redis-py client for `redis://…`, `rediss://…`, `unix://…`, or an in-memory one for `fakeredis:`.

    Raises `BadInput` for an address that can't be read and `ServiceUnavailable` where nobody answers a PING.
    """
    if url.startswith("fakeredis:"):
        import fakeredis

        return fakeredis.FakeRedis(server=fakeredis.FakeServer())
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S)
    except ValueError as error:
        raise BadInput(f'"{url}" is not a Redis address ({error}); write redis://host:port/db.') from None
    answer(url, client.ping)
    return client


def answer(url: str, ask: Callable[[], _Answer]) -> _Answer:
    """What `ask` returns; a connection that fails becomes `ServiceUnavailable` with the address."""
    try:
        return ask()
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ServiceUnavailable(
            f"Redis at {_without_password(url)} does not answer ({str(error).rstrip('.')}); start it, "
            "or name embedded: in [stores] instead."
        ) from None


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, count, BATCH))


class RedisFeatureStore:
    """`FeatureStore` over redis-py. `client` is a `redis.Redis` or a `fakeredis.FakeRedis`."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - see connect
        self._client = client
        self._url = url

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect and PING; raises `ServiceUnavailable` naming the address where nobody answers."""
        return cls(connect(url), url)

    def put_features(self, users: Sequence[str], records: Sequence[UserFeatures], *, tenant: str = "default") -> None:
        check_lengths(users, records)
        for part in _batches(len(users)):
            pairs = zip(users[part], records[part], strict=True)
            values = {features_key(user, tenant): pack_features(record) for user, record in pairs}
            answer(self._url, lambda values=values: self._client.mset(values))  # type: ignore[misc]

    def get_features(self, users: Sequence[str], *, tenant: str = "default") -> list[UserFeatures | None]:
        return [unpack_features(value) for value in self._get([features_key(user, tenant) for user in users])]

    def put_embeddings(self, users: Sequence[str], vectors: NDArray[np.float32], *, tenant: str = "default") -> int:
        check_lengths(users, vectors)
        written = 0
        for part in _batches(len(users)):
            keys = [features_key(user, tenant) for user in users[part]]
            found = zip(keys, self._get(keys), vectors[part], strict=True)
            values = {key: with_embedding(value, vector) for key, value, vector in found if value is not None}
            if values:
                answer(self._url, lambda values=values: self._client.mset(values))  # type: ignore[misc]
            written += len(values)
        return written

    def put_session(
        self, users: Sequence[str], records: Sequence[SessionFeatures], *, ttl_s: int, now_us: int,
        tenant: str = "default",
    ) -> None:  # fmt: skip
        check_lengths(users, records)
        expires_at_us = now_us + ttl_s * US_PER_SECOND
        for part in _batches(len(users)):
            pipeline = self._client.pipeline(transaction=False)
            for user, record in zip(users[part], records[part], strict=True):
                pipeline.set(session_key(user, tenant), pack_session(record, expires_at_us), ex=ttl_s)
            answer(self._url, pipeline.execute)

    def get_session(
        self, users: Sequence[str], *, now_us: int, tenant: str = "default"
    ) -> list[SessionFeatures | None]:
        return records_of(self._alive(users, now_us, tenant))

    def session_ttl_s(self, users: Sequence[str], *, now_us: int, tenant: str = "default") -> list[int | None]:
        return seconds_left_of(self._alive(users, now_us, tenant))

    def _alive(self, users: Sequence[str], now_us: int, tenant: str) -> list[tuple[SessionFeatures, int] | None]:
        return [unpack_session(value, now_us) for value in self._get([session_key(user, tenant) for user in users])]

    def _get(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for part in _batches(len(keys)):
            found.extend(answer(self._url, lambda part=part: self._client.mget(keys[part])))  # type: ignore[misc]
        return found

    def close(self) -> None:
        self._client.close()

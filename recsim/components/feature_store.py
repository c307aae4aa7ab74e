"""The feature store: what online scoring knows of a user, read and written in batches.

Keys are the design's: `user:{id}:features` and `user:{id}:session`, with `tenant:{tenant}:` in front for every tenant
but "default". Values are the JSON of the wire records. Session features live for `ttl_s` seconds of *simulated* time: a
replay runs faster than the wall clock a server expires by, so the instant they expire is kept in the value and
compared with the time the caller says it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.schema.wire import SessionFeatures, UserFeatures
from recsim.units import US_PER_SECOND

EMBEDDING_DECIMALS = 6
"""Digits an embedding keeps in JSON: float32 has no more than seven."""


class FeatureStore(Protocol):
    """User features and session features by wire user id. Answers come in the order of the question, None for unknown.

    Raises `ServiceUnavailable` where the server behind it does not answer.
    """

    def put_features(
        self, users: Sequence[str], records: Sequence[UserFeatures], *, tenant: str = "default"
    ) -> None: ...

    def get_features(self, users: Sequence[str], *, tenant: str = "default") -> list[UserFeatures | None]: ...

    def put_embeddings(self, users: Sequence[str], vectors: NDArray[np.float32], *, tenant: str = "default") -> int:
        """Replace the embeddings (n, d) in the records there are; how many there were. Others stay unknown."""
        ...

    def put_session(
        self, users: Sequence[str], records: Sequence[SessionFeatures], *, ttl_s: int, now_us: int,
        tenant: str = "default",
    ) -> None: ...  # fmt: skip

    def get_session(
        self, users: Sequence[str], *, now_us: int, tenant: str = "default"
    ) -> list[SessionFeatures | None]: ...

    def session_ttl_s(self, users: Sequence[str], *, now_us: int, tenant: str = "default") -> list[int | None]:
        """Whole seconds of simulated time that each session record has left, rounded up; None where there is none."""
        ...

    def close(self) -> None: ...


def features_key(user: str, tenant: str = "default") -> str:
    """`user:{id}:features`, as in the design."""
    return f"{_prefix(tenant)}user:{user}:features"


def session_key(user: str, tenant: str = "default") -> str:
    """`user:{id}:session`, as in the design."""
    return f"{_prefix(tenant)}user:{user}:session"


def _prefix(tenant: str) -> str:
    return "" if tenant == "default" else f"tenant:{tenant}:"


def pack_features(record: UserFeatures) -> bytes:
    """The value under a features key: the JSON of the record."""
    return orjson.dumps(record.model_dump())


def unpack_features(value: bytes | None) -> UserFeatures | None:
    """The record in a value, None for the None of an absent key."""
    return None if value is None else UserFeatures.model_validate(orjson.loads(value))


def with_embedding(value: bytes, vector: NDArray[np.float32]) -> bytes:
    """A features value with other embeddings."""
    tree = orjson.loads(value)
    tree["embeddings"] = np.round(vector.astype(np.float64), EMBEDDING_DECIMALS).tolist()
    return orjson.dumps(tree)


def pack_session(record: SessionFeatures, expires_at_us: int) -> bytes:
    """The value under a session key: the JSON of the record and `expires_at`, µs since 1970 UTC of simulated time."""
    return orjson.dumps({**record.model_dump(), "expires_at": expires_at_us})


def unpack_session(value: bytes | None, now_us: int) -> tuple[SessionFeatures, int] | None:
    """The record in a value and the µs it has left; None for an absent key and for a record past its time."""
    if value is None:
        return None
    tree = orjson.loads(value)
    left_us = tree.pop("expires_at") - now_us
    return (SessionFeatures.model_validate(tree), left_us) if left_us > 0 else None


def records_of(found: Sequence[tuple[SessionFeatures, int] | None]) -> list[SessionFeatures | None]:
    """The records of what `unpack_session` gave."""
    return [None if item is None else item[0] for item in found]


def seconds_left_of(found: Sequence[tuple[SessionFeatures, int] | None]) -> list[int | None]:
    """The time each has left in whole seconds, rounded up, as a TTL is shown."""
    return [None if item is None else -(-item[1] // US_PER_SECOND) for item in found]


def check_lengths(keys: Sequence[str], values: Sequence[object] | NDArray[np.float32]) -> None:
    """A store is written with as many values as keys, or not at all."""
    assert len(keys) == len(values), f"{len(keys)} users and {len(values)} records"


class EmbeddedFeatureStore:
    """The store inside the process: a dictionary of packed bytes a key space. No server; nothing outlives the run."""

    def __init__(self) -> None:
        self._features: dict[str, bytes] = {}
        self._sessions: dict[str, bytes] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows, because there is nothing to configure."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded feature store takes no address, so "{url}" must be "embedded:".')
        return cls()

    def put_features(self, users: Sequence[str], records: Sequence[UserFeatures], *, tenant: str = "default") -> None:
        check_lengths(users, records)
        for user, record in zip(users, records, strict=True):
            self._features[features_key(user, tenant)] = pack_features(record)

    def get_features(self, users: Sequence[str], *, tenant: str = "default") -> list[UserFeatures | None]:
        return [unpack_features(self._features.get(features_key(user, tenant))) for user in users]

    def put_embeddings(self, users: Sequence[str], vectors: NDArray[np.float32], *, tenant: str = "default") -> int:
        check_lengths(users, vectors)
        written = 0
        for user, vector in zip(users, vectors, strict=True):
            key = features_key(user, tenant)
            if (value := self._features.get(key)) is not None:
                self._features[key] = with_embedding(value, vector)
                written += 1
        return written

    def put_session(
        self, users: Sequence[str], records: Sequence[SessionFeatures], *, ttl_s: int, now_us: int,
        tenant: str = "default",
    ) -> None:  # fmt: skip
        check_lengths(users, records)
        expires_at_us = now_us + ttl_s * US_PER_SECOND
        for user, record in zip(users, records, strict=True):
            self._sessions[session_key(user, tenant)] = pack_session(record, expires_at_us)

    def get_session(
        self, users: Sequence[str], *, now_us: int, tenant: str = "default"
    ) -> list[SessionFeatures | None]:
        return records_of(self._alive(users, now_us, tenant))

    def session_ttl_s(self, users: Sequence[str], *, now_us: int, tenant: str = "default") -> list[int | None]:
        return seconds_left_of(self._alive(users, now_us, tenant))

    def _alive(self, users: Sequence[str], now_us: int, tenant: str) -> list[tuple[SessionFeatures, int] | None]:
        found = []
        for user in users:
            key = session_key(user, tenant)
            found.append(unpack_session(self._sessions.get(key), now_us))
            if found[-1] is None:
                self._sessions.pop(key, None)
        return found

    def close(self) -> None:
        self._features.clear()
        self._sessions.clear()

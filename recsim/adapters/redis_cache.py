"""The cache in Redis. The instant a value is good until stands before it: Redis expires on the wall clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

from recsim.adapters.redis import answer, connect

PREFIX = "recsim:cache:"
_STAMP = 8
_FOR_GOOD = 2**63 - 1
_GARBAGE_AFTER_S = 86_400


class RedisCache:
    """`redis://host:port/db`, or `fakeredis:` for the same client code over an in-process fake."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - redis.Redis or its fake
        self._client = client
        self._url = url

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers."""
        return cls(connect(url), url)

    def get(self, keys: Sequence[str], *, now_us: int) -> list[bytes | None]:
        if not keys:
            return []
        found = answer(self._url, partial(self._client.mget, [PREFIX + key for key in keys]))
        return [
            None if value is None or int.from_bytes(value[:_STAMP], "big") <= now_us else value[_STAMP:]
            for value in found
        ]

    def put(self, entries: Mapping[str, bytes], *, until_us: int | None = None) -> None:
        if not entries:
            return
        stamp = (_FOR_GOOD if until_us is None else until_us).to_bytes(_STAMP, "big")
        pipeline = self._client.pipeline(transaction=False)
        for key, value in entries.items():
            pipeline.set(PREFIX + key, stamp + value, ex=None if until_us is None else _GARBAGE_AFTER_S)
        answer(self._url, pipeline.execute)

    def drop(self, keys: Sequence[str]) -> None:
        if keys:
            answer(self._url, partial(self._client.delete, *(PREFIX + key for key in keys)))

    def clear(self) -> None:
        found = answer(self._url, lambda: list(self._client.scan_iter(match=f"{PREFIX}*", count=1_000)))
        for start in range(0, len(found), 1_000):
            answer(self._url, partial(self._client.delete, *found[start : start + 1_000]))

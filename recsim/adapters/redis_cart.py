"""Carts in Redis: one hash a cart, so that every change of a line is one atomic command."""

from __future__ import annotations

from functools import partial
from typing import Any, Self

from recsim.adapters.redis import answer, connect
from recsim.components.cache import cache_key
from recsim.components.inventory import Line

PREFIX = "recsim:cart:"


class RedisCartStore:
    """`redis://host:port/db`, or `fakeredis:` for the same client code over an in-process fake."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - redis.Redis or its fake
        self._client = client
        self._url = url

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers."""
        return cls(connect(url), url)

    def add(self, user: str, product: str, units: int, *, tenant: str) -> int:
        return int(answer(self._url, partial(self._client.hincrby, _key(tenant, user), product, units)))

    def put(self, user: str, product: str, units: int, *, tenant: str) -> None:
        key = _key(tenant, user)
        change = partial(self._client.hset, key, product, units) if units else partial(self._client.hdel, key, product)
        answer(self._url, change)

    def lines(self, user: str, *, tenant: str) -> list[Line]:
        found = answer(self._url, partial(self._client.hgetall, _key(tenant, user)))
        return sorted(Line(product.decode(), int(units)) for product, units in found.items())

    def clear(self, user: str, *, tenant: str) -> None:
        answer(self._url, partial(self._client.delete, _key(tenant, user)))


def _key(tenant: str, user: str) -> str:
    return PREFIX + cache_key(tenant, user)

"""A key-value cache: bytes under a key, for a while. What it holds can always be made again from its owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from recsim.errors import BadInput

SEPARATOR = "\x1f"
"""Between the parts of a key: no id may hold it, so no two owners share a key."""


def cache_key(*parts: str) -> str:
    """One key of several parts, the tenant first."""
    return SEPARATOR.join(parts)


class Cache(Protocol):
    """Batches of keys in, values out. Expiry is on the simulated clock: `now_us` is told."""

    def get(self, keys: Sequence[str], *, now_us: int) -> list[bytes | None]:
        """The value of each key, None where there is none or its time is over."""
        ...

    def put(self, entries: Mapping[str, bytes], *, until_us: int | None = None) -> None:
        """Store values, until an instant or for good."""
        ...

    def drop(self, keys: Sequence[str]) -> None:
        """Forget keys; unknown ones are no error."""
        ...

    def clear(self) -> None:
        """Forget everything: what a cache that crashed comes back with."""
        ...


class EmbeddedCache:
    """A dictionary."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, int | None]] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows, because there is nothing to configure."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded cache takes no address, so "{url}" must be "embedded:".')
        return cls()

    def get(self, keys: Sequence[str], *, now_us: int) -> list[bytes | None]:
        found = [self._entries.get(key) for key in keys]
        return [None if entry is None or (entry[1] or now_us + 1) <= now_us else entry[0] for entry in found]

    def put(self, entries: Mapping[str, bytes], *, until_us: int | None = None) -> None:
        for key, value in entries.items():
            self._entries[key] = (value, until_us)

    def drop(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()

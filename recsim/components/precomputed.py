"""Precomputed recommendations: last night's best products of each user, for when real time cannot answer.

Lists are replaced whole by the next night's. Keys are `user:{id}:top`, with `tenant:{tenant}:` in front for every
tenant but "default"; a value is the model version and the product numbers as little-endian int32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from recsim.errors import BadInput

NIGHTLY = 50
"""Products of a list."""


class PrecomputedStore(Protocol):
    """Nightly lists by wire user id. Raises `ServiceUnavailable` where the server behind it does not answer."""

    def publish(
        self, users: Sequence[str], products: NDArray[np.int32], *, version: int, tenant: str = "default"
    ) -> None:
        """Put the lists products[n, k] (-1 behind the last) of n users in place of those of the night before."""
        ...

    def get(self, users: Sequence[str], *, tenant: str = "default") -> list[NDArray[np.int64] | None]:
        """The list of each user, best first; None for one who has none."""
        ...

    def close(self) -> None: ...


def top_key(user: str, tenant: str = "default") -> str:
    """`user:{id}:top`."""
    return f"user:{user}:top" if tenant == "default" else f"tenant:{tenant}:user:{user}:top"


def pack(products: NDArray[np.int32], version: int) -> bytes:
    """The value of a list."""
    return np.concatenate([[version], products]).astype("<i4").tobytes()


def unpack(value: bytes | None) -> NDArray[np.int64] | None:
    """The products of a value, without what is empty."""
    if value is None:
        return None
    products = np.frombuffer(value, "<i4")[1:].astype(np.int64)
    return products[products >= 0]


class EmbeddedPrecomputedStore:
    """Inside the process: one int32 matrix a tenant, 4 · k bytes a user and an entry in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, int]] = {}
        self._products: dict[str, NDArray[np.int32]] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded store of nightly lists takes no address, so "{url}" must be "embedded:".')
        return cls()

    def publish(
        self, users: Sequence[str], products: NDArray[np.int32], *, version: int, tenant: str = "default"
    ) -> None:
        assert len(users) == len(products), f"{len(users)} users and {len(products)} lists of version {version}"
        self._rows[tenant] = {user: row for row, user in enumerate(users)}
        self._products[tenant] = products.astype(np.int32)

    def get(self, users: Sequence[str], *, tenant: str = "default") -> list[NDArray[np.int64] | None]:
        rows = self._rows.get(tenant, {})
        found: list[NDArray[np.int64] | None] = []
        for user in users:
            row = rows.get(user)
            listed = None if row is None else self._products[tenant][row].astype(np.int64)
            found.append(None if listed is None else listed[listed >= 0])
        return found

    def close(self) -> None:
        self._rows.clear()
        self._products.clear()

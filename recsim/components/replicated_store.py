"""The product store on a replica set: the same port, on the replay's clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self
from urllib.parse import parse_qs, urlsplit

from recsim.components.product_store import Document
from recsim.components.replica_set import ReplicaSet, WriteConcern
from recsim.errors import BadInput
from recsim.units import US_PER_MS

ZONES = ("east", "west", "north")
_SETTINGS = {"lag_ms", "concern"}


class ReplicatedProductStore:
    """`replica-set:3?lag_ms=20&concern=majority`: so many members, one zone after the other.

    `now_us` is the time of the call: who replays sets it before each request. Reads go to the primary.
    """

    def __init__(self, members: ReplicaSet) -> None:
        self.members = members
        self.now_us = 0

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Raises `BadInput` for anything but an odd number of members and the two settings."""
        parts = urlsplit(url)
        asked = parse_qs(parts.query, keep_blank_values=True)
        count, lag = parts.path or "3", asked.get("lag_ms", ["0"])[0]
        concern = asked.get("concern", ["majority"])[0]
        if not (count.isdigit() and 1 <= int(count) <= 51 and lag.isdigit()) or set(asked) - _SETTINGS:
            raise BadInput(f"{url} is no replica set; write replica-set:3?lag_ms=20&concern=majority.")
        if concern not in ("1", "majority"):
            raise BadInput(f'{url}: the write concern is 1 or majority, not "{concern}".')
        names = [(f"member-{number + 1}", ZONES[number % len(ZONES)]) for number in range(int(count))]
        chosen: WriteConcern = "1" if concern == "1" else "majority"
        return cls(ReplicaSet.of(names, lag_us=int(lag) * US_PER_MS, concern=chosen))

    def get_many(self, keys: Sequence[str]) -> list[Document | None]:
        return self.members.read(keys, now_us=self.now_us)

    def put_many(self, documents: Sequence[Document]) -> None:
        self.members.write(documents, now_us=self.now_us)

    def count(self) -> int:
        """As the primary has them."""
        return self.members.primary_store(self.now_us).count()

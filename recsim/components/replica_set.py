"""A replica set of the document store: one primary, an oplog, write concern, and an election when the primary is lost.

Virtual time, in µs; the timings are MongoDB's defaults as its manual gives them (vendor): heartbeats every 2 s, an
election called when a secondary has not heard of a primary for 10 s, and "the median time before a cluster elects a new
primary should not typically exceed 12 seconds". A write is acknowledged when `w` members have it; with `w=1` a primary
that is lost takes acknowledged writes with it, with `w=majority` it can't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from recsim.components.product_store import Document, ProductStore, SqliteProductStore
from recsim.errors import BadInput, ServiceUnavailable
from recsim.registry import did_you_mean
from recsim.rng import uniforms
from recsim.units import US_PER_SECOND

HEARTBEAT_US = 2 * US_PER_SECOND
ELECTION_TIMEOUT_US = 10 * US_PER_SECOND
VOTE_US = 100_000
"""Asking for votes and being voted for, a round trip or two: assumed."""

OFFSET_SHARE = 0.15
"""A member waits up to this share of the election timeout longer, by chance, so that two rarely stand at once."""

WriteConcern = Literal["1", "majority"]
ReadPreference = Literal["primary", "secondary", "nearest"]


@dataclass(frozen=True)
class Entry:
    """One write in the oplog: the term it was made in, and the documents."""

    term: int
    at_us: int
    documents: tuple[Document, ...]


@dataclass
class Member:
    """A server with a copy. `log` is its oplog, `applied` how much of it is in its store."""

    name: str
    zone: str
    store: ProductStore
    lag_us: int = 0
    up: bool = True
    log: list[Entry] = field(default_factory=list)
    applied: int = 0

    def apply(self) -> None:
        """Bring the store up to the log."""
        for entry in self.log[self.applied :]:
            self.store.put_many(entry.documents)
        self.applied = len(self.log)


class ReplicaSet:
    """Members in zones. All calls take the time; the set moves itself forward to it first."""

    def __init__(self, members: Sequence[Member], *, concern: WriteConcern = "majority", seed: int = 1) -> None:
        if len(members) % 2 == 0:
            raise BadInput(f"a replica set needs an odd number of members to agree, not {len(members)}; add one.")
        self.members = {member.name: member for member in members}
        self.concern: WriteConcern = concern
        self.term = 1
        self.primary: str | None = members[0].name
        self.elections: list[tuple[int, int, str]] = []
        self.rolled_back: list[Entry] = []
        self._seed = seed
        self._lost_us: int | None = None

    @classmethod
    def of(cls, names_zones: Sequence[tuple[str, str]], *, lag_us: int = 0, **options: object) -> ReplicaSet:
        """Members with embedded stores; secondaries are `lag_us` behind."""
        members = [
            Member(name, zone, SqliteProductStore.from_url("sqlite:"), lag_us if number else 0)
            for number, (name, zone) in enumerate(names_zones)
        ]
        return cls(members, **options)  # type: ignore[arg-type]

    @property
    def majority(self) -> int:
        return len(self.members) // 2 + 1

    def write(self, documents: Sequence[Document], *, now_us: int) -> int:
        """Put documents; the instant of the acknowledgement.

        Raises `ServiceUnavailable` without a primary, or where too few members are up for the write concern (the
        primary then keeps the write, unacknowledged, as the real one does).
        """
        self.advance(now_us)
        primary = self._primary()
        primary.log.append(Entry(self.term, now_us, tuple(documents)))
        primary.apply()
        if self.concern == "1":
            return now_us
        up = sorted(member.lag_us for member in self.members.values() if member.up and member is not primary)
        if len(up) + 1 < self.majority:
            raise ServiceUnavailable(f"the write has no majority: {len(up) + 1} of {len(self.members)} members are up.")
        acknowledged_us = now_us + up[self.majority - 2]
        self.advance(acknowledged_us)
        return acknowledged_us

    def read(
        self, keys: Sequence[str], *, now_us: int, prefer: ReadPreference = "primary", zone: str = ""
    ) -> list[Document | None]:
        """Documents from the primary, or as far as a secondary (or the member in the same zone) has them."""
        if prefer == "primary":
            return self.primary_store(now_us).get_many(keys)
        self.advance(now_us)
        up = [member for member in self.members.values() if member.up]
        if prefer == "secondary":
            up = [member for member in up if member.name != self.primary] or up
        if not up:
            raise ServiceUnavailable("no member of the replica set is up.")
        return min(up, key=lambda member: (member.zone != zone, member.lag_us, member.name)).store.get_many(keys)

    def primary_store(self, now_us: int) -> ProductStore:
        """The primary's own copy; raises `ServiceUnavailable` without one."""
        self.advance(now_us)
        return self._primary().store

    def advance(self, now_us: int) -> None:
        """Replicate what has had time to arrive, and elect where the time for it has come."""
        if self.primary is not None:
            source = self.members[self.primary]
            for member in self.members.values():
                if member is not source and member.up:
                    self._follow(member, source, now_us)
        elif self._lost_us is not None:
            self._elect(now_us)

    def _follow(self, member: Member, source: Member, now_us: int) -> None:
        """A secondary's oplog becomes a prefix of the primary's; what it has beside that is rolled back."""
        shared = min(len(member.log), len(source.log))
        while shared and member.log[shared - 1] is not source.log[shared - 1]:
            shared -= 1
        if shared < len(member.log):
            self.rolled_back += member.log[shared:]
            member.log = member.log[:shared]
            self._rebuild(member)
        arrived = shared
        while arrived < len(source.log) and source.log[arrived].at_us + member.lag_us <= now_us:
            arrived += 1
        member.log += source.log[shared:arrived]
        member.apply()

    @staticmethod
    def _rebuild(member: Member) -> None:
        """After a rollback: documents as the remaining oplog says (those it never had are gone)."""
        member.store = SqliteProductStore.from_url("sqlite:")
        member.applied = 0
        member.apply()

    def fail(self, name: str, *, now_us: int) -> None:
        """A member stops answering. Without a majority left the primary steps down as well."""
        self.advance(now_us)
        self._member(name).up = False
        if self.primary == name or sum(member.up for member in self.members.values()) < self.majority:
            self.primary = None
            self._lost_us = now_us

    def recover(self, name: str, *, now_us: int) -> None:
        """A member is back, with what it had."""
        self.advance(now_us)
        self._member(name).up = True
        if self.primary is None and self._lost_us is None:
            self._lost_us = now_us
        self.advance(now_us)

    def _elect(self, now_us: int) -> None:
        """The up member with the newest oplog that notices first, if a majority is up and the time has come."""
        assert self._lost_us is not None
        up = [member for member in self.members.values() if member.up]
        if len(up) < self.majority:
            return
        newest = max(_position(member) for member in up)
        standing = sorted((self._notices_us(member), member.name) for member in up if _position(member) == newest)
        elected_us = standing[0][0] + VOTE_US
        if now_us < elected_us:
            return
        self.term += 1
        self.primary = standing[0][1]
        self.elections.append((self._lost_us, elected_us, self.primary))
        self._lost_us = None
        self.advance(now_us)

    def _notices_us(self, member: Member) -> int:
        """When a member has missed its primary long enough: last heartbeat heard, timeout, and its own offset."""
        assert self._lost_us is not None
        entity = np.array([sorted(self.members).index(member.name)], np.uint64)
        heard, offset = uniforms(self._seed, f"replica-set/election/{self.term}", entity)[0][:2]
        late_us = int(ELECTION_TIMEOUT_US * OFFSET_SHARE * float(offset))
        return self._lost_us - int(HEARTBEAT_US * float(heard)) + ELECTION_TIMEOUT_US + late_us

    def _primary(self) -> Member:
        if self.primary is None:
            raise ServiceUnavailable(
                "the replica set has no primary; an election is under way or too few members are up."
            )
        return self.members[self.primary]

    def _member(self, name: str) -> Member:
        if name not in self.members:
            raise BadInput(f'there is no member "{name}".{did_you_mean(name, self.members)}')
        return self.members[name]


def _position(member: Member) -> tuple[int, int]:
    """How new an oplog is: the term of its last entry, then its length."""
    return (member.log[-1].term if member.log else 0, len(member.log))

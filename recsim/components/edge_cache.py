"""The edge cache: pictures and videos by URL, what it answers itself and what it asks the origin for.

Two ways of choosing what to forget: `lru` (the least recently asked for) and `s3-fifo` (Yang, Zhang, Qiu, Yue and
Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023): most objects are asked for once, so a small first
queue of a tenth of the room lets them leave quickly, a ghost queue remembers the names of those that left, and only
what is asked for again reaches the main queue.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from recsim.components.base import Trace
from recsim.units import US_PER_SECOND

Policy = Literal["lru", "s3-fifo"]
POLICIES: tuple[Policy, ...] = ("lru", "s3-fifo")

SMALL_SHARE = 0.1
MOST_FREQUENT = 3
"""S3-FIFO counts askings up to this."""


class Room(Protocol):
    """A set of objects of limited total size."""

    used_bytes: int

    def touch(self, name: str) -> bool:
        """Whether the object is there; notes that it was asked for."""
        ...

    def admit(self, name: str, size_bytes: int) -> None:
        """Take an object in, and forget others until it fits; one larger than the room is not taken."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


class LeastRecentlyUsed:
    """A dictionary in the order of last use."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._objects: OrderedDict[str, int] = OrderedDict()
        self.used_bytes = 0

    def touch(self, name: str) -> bool:
        if name not in self._objects:
            return False
        self._objects.move_to_end(name)
        return True

    def admit(self, name: str, size_bytes: int) -> None:
        if size_bytes > self._capacity:
            return
        while self.used_bytes + size_bytes > self._capacity:
            self.used_bytes -= self._objects.popitem(last=False)[1]
        self._objects[name] = size_bytes
        self.used_bytes += size_bytes

    def clear(self) -> None:
        self._objects.clear()
        self.used_bytes = 0


class S3Fifo:
    """Small queue, main queue, and a ghost queue as long as the main one."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self.clear()

    def clear(self) -> None:
        self._small: deque[str] = deque()
        self._main: deque[str] = deque()
        self._ghost: OrderedDict[str, None] = OrderedDict()
        self._objects: dict[str, list[int]] = {}
        self._small_bytes = 0
        self.used_bytes = 0

    def touch(self, name: str) -> bool:
        known = self._objects.get(name)
        if known is None:
            return False
        known[1] = min(known[1] + 1, MOST_FREQUENT)
        return True

    def admit(self, name: str, size_bytes: int) -> None:
        if size_bytes > self._capacity:
            return
        while self.used_bytes + size_bytes > self._capacity:
            if self._small_bytes > SMALL_SHARE * self._capacity or not self._main:
                self._leave_small()
            else:
                self._leave_main()
        self._objects[name] = [size_bytes, 0]
        self.used_bytes += size_bytes
        if name in self._ghost:
            del self._ghost[name]
            self._main.append(name)
        else:
            self._small.append(name)
            self._small_bytes += size_bytes

    def _leave_small(self) -> None:
        """The oldest of the small queue moves to the main one if it was asked for again, else it is forgotten."""
        name = self._small.popleft()
        size, asked = self._objects[name]
        self._small_bytes -= size
        if asked > 1:
            self._objects[name][1] = 0
            self._main.append(name)
            return
        del self._objects[name]
        self.used_bytes -= size
        self._ghost[name] = None
        while len(self._ghost) > max(len(self._main), 1):
            self._ghost.popitem(last=False)

    def _leave_main(self) -> None:
        """The oldest of the main queue that was not asked for since it was last at the end is forgotten."""
        while True:
            name = self._main.popleft()
            size, asked = self._objects[name]
            if asked == 0:
                del self._objects[name]
                self.used_bytes -= size
                return
            self._objects[name][1] = asked - 1
            self._main.append(name)


_ROOMS: dict[Policy, Callable[[int], Room]] = {"lru": LeastRecentlyUsed, "s3-fifo": S3Fifo}


@dataclass
class Traffic:
    """What an edge answered, in requests and bytes; `hit_share` of requests."""

    hits: int = 0
    misses: int = 0
    hit_bytes: int = 0
    origin_bytes: int = 0

    @property
    def requests(self) -> int:
        return self.hits + self.misses

    @property
    def hit_share(self) -> float:
        return self.hits / self.requests if self.requests else 0.0

    def note(self, size_bytes: int, *, hit: bool) -> None:
        if hit:
            self.hits += 1
            self.hit_bytes += size_bytes
        else:
            self.misses += 1
            self.origin_bytes += size_bytes


@dataclass
class EdgeCache:
    """One point of presence. `windows` holds the traffic of each `window_s` of simulated time, for the cold start."""

    capacity_bytes: int
    policy: Policy = "s3-fifo"
    window_s: int = 3600
    total: Traffic = field(default_factory=Traffic)
    windows: dict[int, Traffic] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._room = _ROOMS[self.policy](self.capacity_bytes)

    @property
    def used_bytes(self) -> int:
        return self._room.used_bytes

    def fetch(self, url: str, size_bytes: int, trace: Trace) -> bool:
        """Answer one object of a page; whether the origin was spared."""
        with trace.hop("edge_cache", "get") as hop:
            hit = self.request(url, size_bytes, trace.at_us)
            hop.outcome = "hit" if hit else "miss"
            return hit

    def request(self, url: str, size_bytes: int, at_us: int) -> bool:
        """The same without a trace."""
        hit = self._room.touch(url)
        if not hit:
            self._room.admit(url, size_bytes)
        self.total.note(size_bytes, hit=hit)
        window = at_us // (self.window_s * US_PER_SECOND)
        self.windows.setdefault(window, Traffic()).note(size_bytes, hit=hit)
        return hit

    def clear(self) -> None:
        """A cold start: the objects are gone, the counts stay."""
        self._room.clear()

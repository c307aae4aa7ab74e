"""The load balancer: spreads requests over gateway replicas, leaves sick ones out, and sheds load when all are full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from recsim.components.base import Refused, Request, Response, Trace
from recsim.errors import BadInput
from recsim.registry import did_you_mean

Policy = Literal["round-robin", "least-outstanding"]


class Handler(Protocol):
    """Whatever answers requests: a gateway, or the load balancer in front of several."""

    def handle(self, request: Request, trace: Trace) -> Response: ...


@dataclass
class Replica:
    """One gateway as the balancer sees it. `serving` is what an operator decided, `healthy` what checks found."""

    name: str
    handler: Handler
    zone: str = ""
    serving: bool = True
    healthy: bool = True
    outstanding: int = 0
    streak: int = 0
    """Consecutive answers that contradict `healthy`."""


class LoadBalancer:
    """Round-robin, or the replica with the fewest requests in flight (ties go round).

    A request of a zone stays in it while a replica there has room, and crosses over otherwise. A replica leaves after
    `fails` consecutive failures (of a request or of a health check) and comes back after `passes` consecutive good
    health checks. A request that a replica failed is tried once on another. With every replica at `max_outstanding` it
    answers 503 `shed`; with none left, 503 `no-replica`.
    """

    def __init__(
        self,
        replicas: Mapping[str, Handler],
        *,
        zones: Mapping[str, str] | None = None,
        policy: Policy = "least-outstanding",
        max_outstanding: int = 1_000,
        fails: int = 3,
        passes: int = 2,
    ) -> None:
        self.replicas = {
            name: Replica(name, handler, (zones or {}).get(name, "")) for name, handler in replicas.items()
        }
        self._policy = policy
        self._max_outstanding = max_outstanding
        self._fails = fails
        self._passes = passes
        self._turn = 0

    def handle(self, request: Request, trace: Trace) -> Response:
        with trace.hop("load_balancer", self._policy) as hop:
            tried: Replica | None = None
            for _ in range(2):
                replica = self.acquire(but=tried, zone=request.zone)
                if isinstance(replica, Refused):
                    hop.outcome = replica.outcome
                    return Response(replica.status, replica.outcome, None)
                try:
                    response = replica.handler.handle(request, trace)
                except ConnectionError:
                    self._note(replica, good=False)
                    tried = replica
                else:
                    self._note(replica, good=True)
                    return response
                finally:
                    self.release(replica)
            hop.outcome = "bad-gateway"
            return Response(502, "bad-gateway", None)

    def acquire(self, *, but: Replica | None = None, zone: str = "") -> Replica | Refused:
        """The replica for the next request, with the request counted as in flight; or why there is none."""
        up = [replica for replica in self.replicas.values() if replica.serving and replica.healthy]
        if not up:
            return Refused(503, "no-replica")
        free = [replica for replica in up if replica.outstanding < self._max_outstanding]
        if not free:
            return Refused(503, "shed")
        others = [replica for replica in free if replica is not but] or free
        others = [replica for replica in others if zone and replica.zone == zone] or others
        if self._policy == "least-outstanding":
            least = min(replica.outstanding for replica in others)
            others = [replica for replica in others if replica.outstanding == least]
        chosen = others[self._turn % len(others)]
        self._turn += 1
        chosen.outstanding += 1
        return chosen

    def release(self, replica: Replica) -> None:
        replica.outstanding -= 1

    def take_out(self, name: str) -> None:
        """Stop sending to a replica (what is in flight there ends normally)."""
        self._named(name).serving = False

    def drained(self, name: str) -> bool:
        """Whether a replica that was taken out has answered everything it had: it may be stopped now."""
        replica = self._named(name)
        return not replica.serving and replica.outstanding == 0

    def put_back(self, name: str) -> None:
        """Send to it again."""
        self._named(name).serving = True

    def check(self, probe: Callable[[str], bool]) -> list[str]:
        """Ask every replica for its health; returns the names of those that get traffic afterwards."""
        for replica in self.replicas.values():
            self._note(replica, good=probe(replica.name))
        return [replica.name for replica in self.replicas.values() if replica.serving and replica.healthy]

    def _note(self, replica: Replica, *, good: bool) -> None:
        if good == replica.healthy:
            replica.streak = 0
            return
        replica.streak += 1
        if replica.streak >= (self._passes if good else self._fails):
            replica.healthy = good
            replica.streak = 0

    def _named(self, name: str) -> Replica:
        if name not in self.replicas:
            raise BadInput(f'there is no replica "{name}".{did_you_mean(name, self.replicas)}')
        return self.replicas[name]

"""What every box has in common: its entry in the table of components, and the trace each request leaves behind.

A hop's `service_us` is the CPU time of the calling thread between the moment the box was entered and the moment it
answered, without the time of the boxes it called in turn (their own hops hold that). So the hops of a request add up
to its whole busy time, nothing is counted twice, and a neighbour on the same machine does not show. Time spent
waiting (for a lock, a disk, a server at the other end of a socket) is not in it.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from recsim.registry import Registry

if TYPE_CHECKING:
    import pyarrow as pa

    from recsim.components.slate import Slate

OK = "ok"


@dataclass(frozen=True)
class Component:
    """A box. `port` and `factory` are `module:class` inside `recsim.components`; `stands_for` is the real thing."""

    name: str
    port: str
    factory: str
    stands_for: str

    def load(self, target: str) -> Any:  # noqa: ANN401 - a port or a class, as the table says
        """The class behind `port` or `factory`, imported now."""
        return Registry("component", {target: f"recsim.components.{target}"}).load(target)


@dataclass(frozen=True)
class Request:
    """What a client sends. `arguments` is the decoded query or body; `at_us` the simulated time it was sent."""

    request_id: int
    route: str
    token: str
    at_us: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    tenant: str = ""
    """`user` and `tenant` are empty until the gateway has read them from the token: it overwrites what is sent."""
    zone: str = ""
    """The availability zone the client is nearest to; the load balancer prefers it."""
    deadline_us: int | None = None
    """When the answer stops being of use; None until the gateway sets it from its budget."""
    device: str = ""
    region: str = ""
    """`device` and `region` are what the client and the edge say of themselves; empty where they do not."""


@dataclass(frozen=True)
class Response:
    """What a client gets back: an HTTP status, the outcome in a word, the body, and the slate that was served."""

    status: int
    outcome: str
    body: Any
    slate: Slate | None = None
    retry_after_s: float | None = None
    request_id: int = 0
    """The id the request was traced under: what a client quotes when it complains. The gateway sets it."""


class Refused(Exception):
    """A box declines a request: `status` as in HTTP, `outcome` in a word."""

    def __init__(self, status: int, outcome: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome
        self.retry_after_s = retry_after_s


class CallLog:
    """The hops of all requests so far, as columns."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._request = array("q")
        self._start_us = array("q")
        self._service_ns = array("q")
        self._component = array("H")
        self._operation = array("H")
        self._outcome = array("H")

    def __len__(self) -> int:
        return len(self._request)

    def add(
        self, request_id: int, component: str, operation: str, start_us: int, service_ns: int, outcome: str
    ) -> None:
        self._request.append(request_id)
        self._component.append(self._code(component))
        self._operation.append(self._code(operation))
        self._start_us.append(start_us)
        self._service_ns.append(service_ns)
        self._outcome.append(self._code(outcome))

    def _code(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def table(self) -> pa.Table:
        """All hops as a `calls` table, in the order they ended."""
        import pyarrow as pa

        names = pa.array(list(self._names), pa.string())

        def words(codes: array[int]) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(np.frombuffer(codes, np.uint16).astype(np.int8)), names)

        service = np.frombuffer(self._service_ns, np.int64)
        return pa.table(
            {
                "request_id": np.frombuffer(self._request, np.int64),
                "component": words(self._component),
                "operation": words(self._operation),
                "start_us": np.frombuffer(self._start_us, np.int64),
                "queue_us": np.zeros(len(service), np.float32),
                "service_us": (service / 1e3).astype(np.float32),
                "outcome": words(self._outcome),
            }
        )


class Trace:
    """Follows one request through the boxes. Every box is called with it and opens a hop."""

    __slots__ = ("at_us", "current", "log", "request_id")

    def __init__(self, log: CallLog, request_id: int, at_us: int) -> None:
        self.log = log
        self.request_id = request_id
        self.at_us = at_us
        self.current: Hop | None = None

    def hop(self, component: str, operation: str) -> Hop:
        """A context manager around the work of a box; set `outcome` on it where the box declines."""
        return Hop(self, component, operation)


class Hop:
    """One box working on one request."""

    __slots__ = ("_inside_ns", "_parent", "_started_ns", "_trace", "component", "operation", "outcome")

    def __init__(self, trace: Trace, component: str, operation: str) -> None:
        self._trace = trace
        self.component = component
        self.operation = operation
        self.outcome = OK

    def __enter__(self) -> Self:
        self._parent = self._trace.current
        self._trace.current = self
        self._inside_ns = 0
        self._started_ns = time.thread_time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        elapsed_ns = time.thread_time_ns() - self._started_ns
        trace = self._trace
        trace.current = self._parent
        if self._parent is not None:
            self._parent._inside_ns += elapsed_ns
        if error is not None:
            self.outcome = error.outcome if isinstance(error, Refused) else "error"
        own_ns = elapsed_ns - self._inside_ns
        trace.log.add(trace.request_id, self.component, self.operation, trace.at_us, own_ns, self.outcome)

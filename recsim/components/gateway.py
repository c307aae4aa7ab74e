"""The gateway: who is it, may they, and who answers. It also turns the answer into bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson

from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.quota import QuotaStore, Rate
from recsim.components.tokens import Identity, verify
from recsim.units import US_PER_SECOND

BUDGET_US = 1_000_000
"""How long a request may take inside before its answer is of no use to anyone: assumed."""

MOST_ARGUMENTS = 32
LONGEST_TEXT = 20_000

_SEPARATOR = "\x1f"
"""Between the parts of a quota's key: no id may hold it, so no two users share a key."""


class Service(Protocol):
    """What stands behind a route."""

    def answer(self, request: Request, trace: Trace) -> Response:
        """Answer a request whose user and tenant the gateway has proved; raises `Refused`."""
        ...


class Gateway:
    """One replica. Several share a quota store and so one quota a (tenant, user, route).

    User and tenant come from the token, whatever else the request says. `secret` may be several keys while they are
    rotated; `roles` says which role a route needs (any token will do for the others); `revoked` holds, by (tenant,
    user), the second before which tokens no longer count. Outcomes beside the services' own: 401 `token-…`, 403
    `forbidden`, 404 `no-route`, 413 `too-large`, 429 `over-quota` with the seconds to wait, 504 `deadline`.
    """

    def __init__(
        self,
        name: str,
        *,
        secret: bytes | Sequence[bytes],
        quotas: QuotaStore,
        rate: Rate,
        routes: Mapping[str, Service],
        roles: Mapping[str, str] | None = None,
        revoked: Mapping[tuple[str, str], int] | None = None,
        budget_us: int = BUDGET_US,
    ) -> None:
        self.name = name
        self._secret = secret
        self._quotas = quotas
        self._rate = rate
        self._routes = routes
        self._roles = roles or {}
        self._revoked = revoked if revoked is not None else {}
        self._budget_us = budget_us

    def handle(self, request: Request, trace: Trace) -> Response:
        with trace.hop("gateway", request.route if request.route in self._routes else "unknown") as hop:
            try:
                response = self._admit(request, trace)
            except Refused as refusal:
                hop.outcome = refusal.outcome
                body = {"error": refusal.outcome, "request_id": request.request_id}
                return Response(
                    refusal.status,
                    refusal.outcome,
                    orjson.dumps(body),
                    retry_after_s=refusal.retry_after_s,
                    request_id=request.request_id,
                )
            return replace(response, body=orjson.dumps(response.body), request_id=request.request_id)

    def _admit(self, request: Request, trace: Trace) -> Response:
        identity = self._identity(request)
        service = self._routes.get(request.route)
        if service is None:
            raise Refused(404, "no-route")
        if request.route in self._roles and self._roles[request.route] not in identity.roles:
            raise Refused(403, "forbidden")
        if request.deadline_us is not None and request.deadline_us <= request.at_us:
            raise Refused(504, "deadline")
        _check_size(request.arguments)
        with trace.hop("quota", "take") as hop:
            key = _SEPARATOR.join((identity.tenant, identity.user, request.route))
            verdict = self._quotas.take([key], self._rate, request.at_us)[0]
            if not verdict.admitted:
                hop.outcome = "over-quota"
        if not verdict.admitted:
            raise Refused(429, "over-quota", retry_after_s=verdict.retry_after_us / US_PER_SECOND)
        latest_us = request.at_us + self._budget_us
        deadline_us = latest_us if request.deadline_us is None else min(request.deadline_us, latest_us)
        inward = replace(request, user=identity.user, tenant=identity.tenant, deadline_us=deadline_us)
        return service.answer(inward, trace)

    def _identity(self, request: Request) -> Identity:
        """Who asks, unless their tokens of that time were revoked."""
        identity = verify(self._secret, request.token, now_us=request.at_us)
        if identity.issued_s < self._revoked.get((identity.tenant, identity.user), 0):
            raise Refused(401, "token-revoked")
        return identity


def _check_size(arguments: Mapping[str, Any]) -> None:
    """Raises `Refused` 413 for more arguments or longer text than any route reads; media have limits of their own."""
    if len(arguments) > MOST_ARGUMENTS:
        raise Refused(413, "too-large")
    for name, value in arguments.items():
        if len(name) > 64 or (isinstance(value, str) and len(value) > LONGEST_TEXT):
            raise Refused(413, "too-large")

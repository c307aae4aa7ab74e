"""The gateway: who is it, may they, and who answers. It also turns the answer into bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import orjson

from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.quota import QuotaStore, Rate
from recsim.components.tokens import verify
from recsim.units import US_PER_SECOND

_SEPARATOR = "\x1f"
"""Between the parts of a quota's key: no id may hold it, so no two users share a key."""


class Service(Protocol):
    """What stands behind a route."""

    def answer(self, request: Request, trace: Trace) -> Response:
        """Answer a request whose user and tenant the gateway has proved; raises `Refused`."""
        ...


class Gateway:
    """One replica. Several share a quota store and so one quota a (tenant, user, route).

    User and tenant come from the token, whatever else the request says. Outcomes beside the services' own:
    401 `token-…`, 404 `no-route`, 429 `over-quota` with the seconds to wait.
    """

    def __init__(
        self, name: str, *, secret: bytes, quotas: QuotaStore, rate: Rate, routes: Mapping[str, Service]
    ) -> None:
        self.name = name
        self._secret = secret
        self._quotas = quotas
        self._rate = rate
        self._routes = routes

    def handle(self, request: Request, trace: Trace) -> Response:
        with trace.hop("gateway", request.route if request.route in self._routes else "unknown") as hop:
            try:
                response = self._admit(request, trace)
            except Refused as refusal:
                hop.outcome = refusal.outcome
                body = {"error": refusal.outcome, "request_id": request.request_id}
                return Response(
                    refusal.status, refusal.outcome, orjson.dumps(body), retry_after_s=refusal.retry_after_s
                )
            return replace(response, body=orjson.dumps(response.body))

    def _admit(self, request: Request, trace: Trace) -> Response:
        identity = verify(self._secret, request.token, now_us=request.at_us)
        service = self._routes.get(request.route)
        if service is None:
            raise Refused(404, "no-route")
        with trace.hop("quota", "take") as hop:
            key = _SEPARATOR.join((identity.tenant, identity.user, request.route))
            verdict = self._quotas.take([key], self._rate, request.at_us)[0]
            if not verdict.admitted:
                hop.outcome = "over-quota"
        if not verdict.admitted:
            raise Refused(429, "over-quota", retry_after_s=verdict.retry_after_us / US_PER_SECOND)
        return service.answer(replace(request, user=identity.user, tenant=identity.tenant), trace)

"""Quotas in Redis: the same GCRA as a Lua script, so that reading and moving a counter is one atomic step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

from recsim.adapters.redis import answer, connect
from recsim.components.quota import Rate, Verdict

SCRIPT = """
local interval, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local turn = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local excess = turn + interval - now - burst * interval
if excess > 0 then
  return {0, string.format('%.0f', excess), 0}
end
redis.call('SET', KEYS[1], string.format('%.0f', turn + interval), 'EX', ARGV[4])
return {1, '0', math.floor(-excess / interval)}
"""
"""Times travel as decimal text: Lua prints large numbers with 14 digits unless told otherwise."""

FORGET_AFTER_S = 86_400
"""Redis expires on the wall clock and a replay lives on the simulated one, so expiry only collects garbage."""


PREFIX = "recsim:quota:"


class RedisQuotaStore:
    """`redis://host:port/db`, or `fakeredis:` for the same client code over an in-process fake."""

    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401 - redis.Redis or its fake
        self._client = client
        self._url = url
        self._script = client.register_script(SCRIPT)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers."""
        return cls(connect(url), url)

    def take(self, keys: Sequence[str], rate: Rate, now_us: int) -> list[Verdict]:
        verdicts = []
        for key in keys:
            call = partial(
                self._script, keys=[PREFIX + key], args=[rate.interval_us, rate.burst, now_us, FORGET_AFTER_S]
            )
            admitted, wait_us, remaining = answer(self._url, call)
            verdicts.append(Verdict(admitted=bool(admitted), retry_after_us=int(wait_us), remaining=int(remaining)))
        return verdicts

    def forget(self) -> None:
        for key in answer(self._url, lambda: list(self._client.scan_iter(match=f"{PREFIX}*", count=1000))):
            answer(self._url, partial(self._client.delete, key))

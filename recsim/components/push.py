"""Push notifications: a campaign reaches each member of its audience at most once, within the providers' quotas.

Providers limit messages a project and minute (FCM: 600,000, vendor) and a device and hour, and answer 429 or 503 when
they have had enough; then a sender waits twice as long each time, with jitter, and never less than the provider says.
A message is written down as being sent before it is sent: a crash in between may lose it, and can never send it twice.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self

import numpy as np

from recsim.components.base import Trace
from recsim.components.cache import cache_key
from recsim.components.quota import QuotaStore, Rate
from recsim.components.sqlite import database_file
from recsim.rng import uniforms
from recsim.units import US_PER_SECOND

Platform = Literal["android", "ios"]

PROVIDER_RATES: dict[Platform, Rate] = {
    "android": Rate.per_minute(600_000, burst=10_000),
    "ios": Rate.per_minute(600_000, burst=10_000),
}
"""FCM: 600,000 messages a minute and project (Firebase, "Throttling and quotas"); APNs tells none: assumed alike."""

USER_RATE = Rate(interval_us=24 * 3600 * US_PER_SECOND // 3, burst=1)
"""At most one message in eight hours to a user, whatever the campaigns: an assumption, what shops promise."""

FIRST_WAIT_US = 1 * US_PER_SECOND
LONGEST_WAIT_US = 600 * US_PER_SECOND
TRIES = 6


@dataclass(frozen=True)
class Device:
    """Where a user is reached."""

    user: str
    tenant: str
    platform: Platform
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Campaign:
    """One message to everyone of a tenant who is in any of `segments` (everyone where there are none)."""

    name: str
    tenant: str
    segments: frozenset[str] = frozenset()

    def reaches(self, device: Device) -> bool:
        return device.tenant == self.tenant and (not self.segments or bool(self.segments & device.segments))


class Provider(Protocol):
    """FCM or APNs: takes a message, or says how long to wait."""

    def send(self, campaign: Campaign, device: Device, now_us: int) -> int | None:
        """None where it was taken, else the least wait in µs before the next try (429, 503)."""
        ...


class SentRegister:
    """Who has been sent what: one row a (tenant, campaign, user), made before the message leaves."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS sent (tenant TEXT, campaign TEXT, user TEXT, "
            "PRIMARY KEY (tenant, campaign, user)) WITHOUT ROWID"
        )

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`sqlite:` in memory or `sqlite:/path/push.db`; raises `BadInput` where the file can't be one."""
        name = database_file(url)
        return cls(sqlite3.connect(name))

    def has(self, campaign: Campaign, user: str) -> bool:
        """Whether the user was sent it, or is being sent it."""
        query = "SELECT 1 FROM sent WHERE tenant = ? AND campaign = ? AND user = ?"
        return self._connection.execute(query, (campaign.tenant, campaign.name, user)).fetchone() is not None

    def claim(self, campaign: Campaign, user: str) -> bool:
        """Whether this call is the one that may send; durable when it returns."""
        row = (campaign.tenant, campaign.name, user)
        with self._connection:
            insert = "INSERT INTO sent VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            return self._connection.execute(insert, row).rowcount == 1


@dataclass
class Outcome:
    """What became of a campaign's audience."""

    audience: int = 0
    sent: int = 0
    repeated: int = 0
    """already sent by an earlier run"""
    held_back: int = 0
    """the user has had a message lately"""
    given_up: int = 0
    """the provider refused as often as we try"""
    finished_us: int = 0
    waits: int = 0


@dataclass
class PushService:
    """Sends campaigns in virtual time."""

    providers: Mapping[Platform, Provider]
    register: SentRegister
    quotas: QuotaStore
    seed: int = 1
    rates: Mapping[Platform, Rate] = field(default_factory=lambda: dict(PROVIDER_RATES))
    user_rate: Rate = USER_RATE

    def run(self, campaign: Campaign, devices: Iterable[Device], trace: Trace) -> Outcome:
        """Send a campaign in the order of its audience; nobody gets it twice, however often it is run."""
        with trace.hop("push", "campaign"):
            reached = {device.user: device for device in devices if campaign.reaches(device)}
            outcome = Outcome(audience=len(reached), finished_us=trace.at_us)
            for platform in sorted(self.providers):
                audience = [device for device in reached.values() if device.platform == platform]
                self._send_all(campaign, platform, audience, trace.at_us, outcome)
            return outcome

    def _send_all(
        self, campaign: Campaign, platform: Platform, audience: Sequence[Device], start_us: int, outcome: Outcome
    ) -> None:
        """First tries in order, retries in between when their time comes; the provider's quota sets the pace."""
        clock_us, following = start_us, 0
        retries: list[tuple[int, int, int]] = []
        jitter = uniforms(self.seed, f"push/{campaign.name}/{platform}", np.arange(len(audience), dtype=np.uint64))
        while retries or following < len(audience):
            if following < len(audience) and not (retries and retries[0][0] <= clock_us):
                place, tries, due_us = following, 0, clock_us
                following += 1
                if not self._may_send(campaign, audience[place], due_us, outcome):
                    continue
            else:
                due_us, place, tries = heapq.heappop(retries)
            clock_us = self._slot(platform, max(clock_us, due_us), outcome)
            wait_us = self.providers[platform].send(campaign, audience[place], clock_us)
            if wait_us is None:
                outcome.sent += 1
            elif tries + 1 == TRIES:
                outcome.given_up += 1
            else:
                again_us = clock_us + max(wait_us, backoff_us(tries, float(jitter[place, tries % 4])))
                heapq.heappush(retries, (again_us, place, tries + 1))
        outcome.finished_us = max(outcome.finished_us, clock_us)

    def _may_send(self, campaign: Campaign, device: Device, now_us: int, outcome: Outcome) -> bool:
        """Whether this user may have this message: once a campaign, and not too many of all campaigns."""
        key = cache_key("push", campaign.tenant, device.user)
        if self.register.has(campaign, device.user):
            outcome.repeated += 1
            return False
        if not self.quotas.take([key], self.user_rate, now_us)[0].admitted:
            outcome.held_back += 1
            return False
        return self.register.claim(campaign, device.user)

    def _slot(self, platform: Platform, now_us: int, outcome: Outcome) -> int:
        """The instant from now on at which the provider's quota lets the next message through."""
        key, rate = cache_key("push", "provider", platform), self.rates[platform]
        verdict = self.quotas.take([key], rate, now_us)[0]
        if verdict.admitted:
            return now_us
        outcome.waits += 1
        later_us = now_us + verdict.retry_after_us
        assert self.quotas.take([key], rate, later_us)[0].admitted
        return later_us


def backoff_us(tries: int, jitter: float) -> int:
    """How long to wait after the `tries`-th refusal: doubling, half of it fixed, half by `jitter` 0..1."""
    whole = min(FIRST_WAIT_US << tries, LONGEST_WAIT_US)
    return whole // 2 + int(whole * 0.5 * jitter)

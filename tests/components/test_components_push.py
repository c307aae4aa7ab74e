"""Push: an audience by segment, once a user and campaign, within quotas, with backoff."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from recsim.components.base import CallLog, Trace
from recsim.components.push import (
    FIRST_WAIT_US,
    TRIES,
    Campaign,
    Device,
    Outcome,
    Platform,
    PushService,
    SentRegister,
    backoff_us,
)
from recsim.components.quota import EmbeddedQuotaStore, Rate

NOW_US = 1_735_776_000_000_000
SECOND = 1_000_000


class Provider:
    """Refuses the first `refusals` tries of each user with a least wait."""

    def __init__(self, refusals: int = 0, wait_us: int = 0) -> None:
        self.taken: list[tuple[str, int]] = []
        self.tried: Counter[str] = Counter()
        self.at: dict[str, list[int]] = {}
        self._refusals, self._wait_us = refusals, wait_us

    def send(self, campaign: Campaign, device: Device, now_us: int) -> int | None:
        self.tried[device.user] += 1
        self.at.setdefault(device.user, []).append(now_us)
        if self.tried[device.user] <= self._refusals:
            return self._wait_us
        self.taken.append((device.user, now_us))
        return None


def service(
    provider: Provider, *, register: str = "sqlite:", per_minute: float = 6_000, burst: int = 10
) -> PushService:
    rates: dict[Platform, Rate] = dict.fromkeys(("android", "ios"), Rate.per_minute(per_minute, burst))
    return PushService(
        {"android": provider, "ios": provider}, SentRegister.from_url(register), EmbeddedQuotaStore(), rates=rates
    )


def audience(count: int, *, tenant: str = "t") -> list[Device]:
    return [
        Device(f"user{n}", tenant, "ios" if n % 4 == 0 else "android", frozenset({"deals"} if n % 2 else {"tech"}))
        for n in range(count)
    ]


def send(push: PushService, campaign: Campaign, devices: list[Device], at_us: int = NOW_US) -> Outcome:
    return push.run(campaign, devices, Trace(CallLog(), 1, at_us))


def test_only_the_segment_and_tenant_of_a_campaign_are_reached() -> None:
    provider = Provider()
    outcome = send(
        service(provider), Campaign("spring", "t", frozenset({"deals"})), audience(40) + audience(40, tenant="other")
    )
    assert (outcome.audience, outcome.sent) == (20, 20)
    assert all(int(user.removeprefix("user")) % 2 for user, _ in provider.taken)


def test_nobody_gets_a_campaign_twice_whatever_is_repeated_and_restarted(tmp_path: Path) -> None:
    provider, url = Provider(), f"sqlite:{tmp_path}/push.db"
    campaign = Campaign("spring", "t")
    devices = audience(30)
    send(service(provider, register=url), campaign, devices[:12])
    again = send(service(provider, register=url), campaign, [*devices, *devices])
    assert (again.audience, again.sent, again.repeated) == (30, 18, 12)
    assert Counter(user for user, _ in provider.taken) == Counter({device.user: 1 for device in devices})


def test_the_providers_quota_sets_the_pace() -> None:
    provider = Provider()
    outcome = send(service(provider, per_minute=60, burst=5), Campaign("c", "t"), audience(60)[1::2])
    assert outcome.sent == 30
    assert [at for _, at in provider.taken] == [NOW_US] * 5 + [NOW_US + n * SECOND for n in range(1, 26)]
    assert outcome.finished_us == NOW_US + 25 * SECOND


def test_a_refusal_is_tried_again_later_and_later_and_never_sooner_than_asked() -> None:
    provider = Provider(refusals=3, wait_us=3 * SECOND)
    outcome = send(service(provider), Campaign("c", "t"), audience(8))
    assert (outcome.sent, outcome.given_up) == (8, 0)
    for instants in provider.at.values():
        gaps = [later - earlier for earlier, later in pairwise(instants)]
        assert len(gaps) == 3
        assert min(gaps) >= 3 * SECOND


def test_a_provider_that_never_takes_it_is_given_up_and_not_tried_by_the_next_run() -> None:
    provider = Provider(refusals=1_000)
    push = service(provider)
    assert send(push, Campaign("c", "t"), audience(3)).given_up == 3
    assert set(provider.tried.values()) == {TRIES}
    assert send(push, Campaign("c", "t"), audience(3)).repeated == 3


def test_a_user_gets_one_message_in_eight_hours_of_all_campaigns() -> None:
    push = service(Provider())
    assert send(push, Campaign("a", "t"), audience(4)).sent == 4
    assert send(push, Campaign("b", "t"), audience(4)).held_back == 4
    assert send(push, Campaign("c", "t"), audience(4), NOW_US + 9 * 3600 * SECOND).sent == 4


@pytest.mark.parametrize("tries", range(12))
def test_backoff_doubles_up_to_ten_minutes_and_is_half_jitter(tries: int) -> None:
    whole = min(FIRST_WAIT_US * 2**tries, 600 * SECOND)
    assert (backoff_us(tries, 0.0), backoff_us(tries, 1.0)) == (whole // 2, whole)

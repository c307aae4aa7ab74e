"""Flow 5: a campaign goes to its audience, within quotas, once."""

from __future__ import annotations

import pytest
from flows.client import MORNING_US, Client

from recsim.components.push import Campaign, Device, PushService, SentRegister
from recsim.components.quota import EmbeddedQuotaStore, Rate
from recsim.replay.shop import SimulatedProvider

DEVICES = [
    Device(f"user{n}", "default", ("android", "ios")[n % 2], frozenset({"deals"} if n % 3 == 0 else ()))  # type: ignore[arg-type]
    for n in range(12)
]
DEALS = Campaign("deals", "default", frozenset({"deals"}))


@pytest.fixture
def provider() -> SimulatedProvider:
    return SimulatedProvider(1, 0.5)


@pytest.fixture
def push(provider: SimulatedProvider) -> PushService:
    return PushService(
        dict.fromkeys(("android", "ios"), provider), SentRegister.from_url("sqlite:"), EmbeddedQuotaStore(),  # type: ignore[arg-type]
        rates={"android": Rate(1_000_000, 1), "ios": Rate(1_000_000, 1)},
    )  # fmt: skip


def test_a_campaign_reaches_its_segment_once_at_the_providers_pace(
    client: Client, push: PushService, provider: SimulatedProvider
) -> None:
    before = len(client.plane.calls)
    first = push.run(DEALS, DEVICES, client.trace())
    assert (first.audience, first.sent, first.repeated) == (4, 4, 0)
    assert set(provider.delivered) == {("deals", "default", f"user{n}") for n in (0, 3, 6, 9)}
    assert first.waits > 0
    assert first.finished_us >= MORNING_US + 1_000_000
    again = push.run(DEALS, DEVICES, client.trace())
    assert (again.sent, again.repeated) == (0, 4)
    assert set(provider.delivered.values()) == {1}
    assert client.hops(before) == [("push", "campaign", "ok")] * 2


def test_another_campaign_within_the_hour_is_held_back(client: Client, push: PushService) -> None:
    push.run(DEALS, DEVICES, client.trace())
    other = push.run(Campaign("news", "default"), DEVICES, client.trace())
    assert (other.audience, other.sent, other.held_back) == (12, 8, 4)


def test_midnight_sends_the_days_campaign_of_the_tenant(client: Client) -> None:
    before = sum(client.shop.provider.delivered.values())
    client.shop.midnight("2025-01-06", MORNING_US, DEVICES, client.plane.calls)
    campaign, outcome = client.shop.campaigns[-1]
    assert (campaign.name, campaign.tenant) == ("daily-2025-01-06", "default")
    assert outcome.audience == outcome.sent == 12
    assert sum(client.shop.provider.delivered.values()) - before == 12

"""How requests are spread over replicas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.components.base import CallLog, Refused, Request, Response, Trace
from recsim.components.load_balancer import LoadBalancer, Policy, Replica
from recsim.errors import BadInput


class Named:
    """A replica that answers with its name, or breaks the connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.broken = False

    def handle(self, request: Request, trace: Trace) -> Response:
        if self.broken:
            raise ConnectionError
        return Response(200, "ok", self.name)


def balancer(policy: Policy = "round-robin", **settings: int) -> LoadBalancer:
    return LoadBalancer({name: Named(name) for name in "abc"}, policy=policy, **settings)


def ask(at: LoadBalancer) -> Response:
    return at.handle(Request(1, "/v1/home", "", 0), Trace(CallLog(), 1, 0))


def held(at: LoadBalancer) -> Replica:
    replica = at.acquire()
    assert isinstance(replica, Replica)
    return replica


@pytest.mark.parametrize("policy", ["round-robin", "least-outstanding"])
def test_equal_replicas_take_turns(policy: Policy) -> None:
    at = balancer(policy)
    assert "".join(ask(at).body for _ in range(6)) == "abcabc"


def test_least_outstanding_goes_around_a_busy_replica() -> None:
    at = balancer("least-outstanding")
    busy = held(at)
    assert busy.name == "a"
    assert {ask(at).body for _ in range(6)} == {"b", "c"}
    at.release(busy)
    assert "a" in {ask(at).body for _ in range(3)}


def test_a_replica_taken_out_gets_nothing_until_it_is_put_back() -> None:
    at = balancer()
    at.take_out("b")
    assert {ask(at).body for _ in range(6)} == {"a", "c"}
    at.put_back("b")
    assert {ask(at).body for _ in range(6)} == {"a", "b", "c"}


def test_an_unknown_replica_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match='there is no replica "z"'):
        balancer().take_out("z")


def test_a_failed_request_is_tried_on_another_and_the_sick_replica_leaves() -> None:
    at = balancer(fails=2)
    at.replicas["a"].handler.broken = True  # type: ignore[attr-defined]
    assert {ask(at).status for _ in range(9)} == {200}
    assert not at.replicas["a"].healthy
    assert at.check(lambda name: name != "c") == ["b", "c"]


def test_a_replica_comes_back_after_enough_good_checks() -> None:
    at = balancer(fails=1, passes=2)
    assert at.check(lambda name: name != "a") == ["b", "c"]
    assert at.check(lambda name: True) == ["b", "c"]
    assert at.check(lambda name: True) == ["a", "b", "c"]


def test_without_replicas_it_answers_503_and_with_full_ones_it_sheds() -> None:
    at = balancer(max_outstanding=1)
    for _ in range(3):
        held(at)
    assert (ask(at).status, ask(at).outcome) == (503, "shed")
    for name in "abc":
        at.take_out(name)
    assert ask(at).outcome == "no-replica"
    assert isinstance(at.acquire(), Refused)


def test_two_broken_replicas_in_a_row_are_a_bad_gateway() -> None:
    at = balancer()
    for replica in at.replicas.values():
        replica.handler.broken = True  # type: ignore[attr-defined]
    assert (ask(at).status, ask(at).outcome) == (502, "bad-gateway")
    assert [replica.outstanding for replica in at.replicas.values()] == [0, 0, 0]


@given(st.lists(st.booleans(), max_size=60))
def test_every_arrival_goes_to_a_replica_with_the_fewest_in_flight(arrivals: list[bool]) -> None:
    at, flying = balancer("least-outstanding"), []
    for arrives in arrivals:
        if arrives or not flying:
            flying.append(held(at))
            counts = [replica.outstanding for replica in at.replicas.values()]
            assert flying[-1].outstanding - 1 == min(
                count - (r is flying[-1]) for r, count in zip(at.replicas.values(), counts, strict=True)
            )
        else:
            at.release(flying.pop(0))
    assert sum(replica.outstanding for replica in at.replicas.values()) == len(flying)


def test_a_request_stays_in_its_zone_while_there_is_room_and_crosses_over_otherwise() -> None:
    at = LoadBalancer(
        {name: Named(name) for name in "abc"}, zones={"a": "east", "b": "west", "c": "west"}, max_outstanding=1
    )
    east = Request(1, "/v1/home", "", 0, zone="east")
    assert [at.handle(east, Trace(CallLog(), 1, 0)).body for _ in range(4)] == ["a"] * 4
    busy = at.acquire(zone="east")
    assert isinstance(busy, Replica)
    assert busy.name == "a"
    assert at.handle(east, Trace(CallLog(), 1, 0)).body in ("b", "c")
    assert {ask(at).body for _ in range(4)} == {"b", "c"}


def test_a_replica_is_drained_when_what_it_had_is_answered() -> None:
    at = balancer()
    busy = held(at)
    at.take_out(busy.name)
    assert not at.drained(busy.name)
    at.release(busy)
    assert at.drained(busy.name)
    assert not at.drained("b")

"""What every cache and every cart store must do, on each implementation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from contracts.servers import valkey

from recsim.components.cache import Cache
from recsim.components.cart import CartStore
from recsim.components.inventory import Line
from recsim.errors import BadInput
from recsim.wiring import connect

_FRESH = itertools.count()


@pytest.fixture(scope="module", params=["embedded", "fakeredis", "valkey"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param != "valkey":
        yield f"{request.param}:"
        return
    with valkey() as found:
        yield found


@pytest.fixture
def cache(url: str) -> Cache:
    found: Cache = connect("cache", url)
    found.clear()
    return found


@pytest.fixture
def carts(url: str) -> CartStore:
    found: CartStore = connect("carts", url)
    return found


@pytest.fixture
def tenant() -> str:
    return f"shop-{next(_FRESH)}"


def test_a_value_is_there_until_its_time_is_over(cache: Cache) -> None:
    cache.put({"a": b"1", "b": b""}, until_us=100)
    cache.put({"c": b"\x00\xff"})
    assert cache.get(["a", "b", "c", "d"], now_us=99) == [b"1", b"", b"\x00\xff", None]
    assert cache.get(["a", "b", "c"], now_us=100) == [None, None, b"\x00\xff"]


def test_dropped_and_cleared_keys_are_gone(cache: Cache) -> None:
    cache.put({"a": b"1", "b": b"2", "c": b"3"})
    cache.drop(["a", "never"])
    cache.drop([])
    assert cache.get(["a", "b"], now_us=0) == [None, b"2"]
    cache.clear()
    assert cache.get(["b", "c"], now_us=0) == [None, None]
    assert cache.get([], now_us=0) == []


def test_a_cart_adds_sets_and_removes_lines(carts: CartStore, tenant: str) -> None:
    assert carts.add("user1", "b", 2, tenant=tenant) == 2
    assert carts.add("user1", "b", 3, tenant=tenant) == 5
    carts.put("user1", "a", 7, tenant=tenant)
    assert carts.lines("user1", tenant=tenant) == [Line("a", 7), Line("b", 5)]
    carts.put("user1", "b", 0, tenant=tenant)
    assert carts.lines("user1", tenant=tenant) == [Line("a", 7)]
    carts.clear("user1", tenant=tenant)
    assert carts.lines("user1", tenant=tenant) == []


def test_carts_of_users_and_tenants_are_apart_even_with_tricky_names(carts: CartStore, tenant: str) -> None:
    carts.put("user1", "a", 1, tenant=tenant)
    assert carts.lines("user1", tenant=f"{tenant}x") == []
    assert carts.lines("user2", tenant=tenant) == []


def test_no_unit_is_lost_when_many_threads_add(carts: CartStore, tenant: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: carts.add("user1", "a", 1, tenant=tenant), range(100)))
    assert carts.lines("user1", tenant=tenant) == [Line("a", 100)]


@pytest.mark.parametrize("port", ["cache", "carts"])
def test_an_embedded_store_takes_no_address(port: str) -> None:
    with pytest.raises(BadInput, match='must be "embedded:"'):
        connect(port, "embedded:/somewhere")

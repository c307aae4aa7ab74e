"""What every product store must do, on each implementation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contracts.servers import mongodb

from recsim.components.product_store import ProductStore, document_key
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with mongodb() as url:
        yield url


@pytest.fixture(params=["sqlite", "sqlite-file", "replica-set", "mongomock", "mongodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ProductStore:
    """Each implementation, empty."""
    if request.param == "mongodb":
        real: Any = connect("products", request.getfixturevalue("server"))
        real._collection.drop()
        return real  # type: ignore[no-any-return]
    urls = {
        "sqlite": "sqlite:", "sqlite-file": f"sqlite:{tmp_path}/products.db", "replica-set": "replica-set:3",
        "mongomock": "mongomock:",
    }  # fmt: skip
    found: ProductStore = connect("products", urls[request.param])
    return found


def document(key: str, **other: Any) -> dict[str, Any]:
    return {"product_key": key, "product_name": f"name of {key}", "reviews": [{"rating": "3/5"}], **other}


def test_an_empty_store_knows_nothing(store: ProductStore) -> None:
    assert store.get_many(["prod1"]) == [None]
    assert store.count() == 0


def test_documents_come_back_whole_in_the_order_asked(store: ProductStore) -> None:
    store.put_many([document("prod1", price_usd=1.5), document("prod2", brand=None)])
    assert store.get_many(["prod2", "prod9", "prod1", "prod2"]) == [
        document("prod2", brand=None), None, document("prod1", price_usd=1.5), document("prod2", brand=None),
    ]  # fmt: skip


def test_two_tenants_may_sell_a_product_of_the_same_id(store: ProductStore) -> None:
    store.put_many([document("prod1", tenant="default"), document("prod1", tenant="acme")])
    ours, theirs = store.get_many([document_key("prod1", "default"), document_key("prod1", "acme")])
    assert ours is not None
    assert theirs is not None
    assert (ours["tenant"], theirs["tenant"]) == ("default", "acme")


def test_a_second_put_replaces_and_adds(store: ProductStore) -> None:
    store.put_many([document("prod1"), document("prod2")])
    store.put_many([document("prod2", quantity=7), document("prod3")])
    assert store.count() == 3
    assert store.get_many(["prod2"]) == [document("prod2", quantity=7)]


def test_what_was_put_can_be_changed_outside_without_the_store_noticing(store: ProductStore) -> None:
    mine = document("prod1")
    store.put_many([mine])
    mine["product_name"] = "changed"
    answer = store.get_many(["prod1"])[0]
    assert answer is not None
    answer["reviews"].append("more")
    assert store.get_many(["prod1"]) == [document("prod1")]


def test_nothing_asked_is_nothing_answered(store: ProductStore) -> None:
    store.put_many([])
    assert store.get_many([]) == []


def test_thousands_of_keys_can_be_asked_at_once(store: ProductStore) -> None:
    store.put_many([document(f"prod{n}") for n in range(1_200)])
    answer = store.get_many([f"prod{n}" for n in range(1_300)])
    assert sum(found is not None for found in answer) == 1_200


def test_a_file_keeps_its_documents(tmp_path: Path) -> None:
    connect("products", f"sqlite:{tmp_path}/kept.db").put_many([document("prod1")])
    assert connect("products", f"sqlite:{tmp_path}/kept.db").count() == 1


def test_mongomock_refuses_a_catalogue_it_would_scan_at_every_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsim.adapters.mongo.MOST_IN_MONGOMOCK", 3)
    store = connect("products", "mongomock:")
    store.put_many([document("a"), document("b"), document("c")])
    store.put_many([document("c", quantity=1)])
    with pytest.raises(BadInput, match=r"at most 3 products .* set stores.products to sqlite:"):
        store.put_many([document("d")])
    assert store.count() == 3


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceUnavailable, match=r"no MongoDB answers at mongodb://127.0.0.1:9"):
        connect("products", "mongodb://127.0.0.1:9/shop?serverSelectionTimeoutMS=100")


@pytest.mark.parametrize("url", ["mongodb://", "mongodb://host:port/x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="not a MongoDB URL"):
        connect("products", url)


def test_a_sqlite_file_in_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no directory"):
        connect("products", f"sqlite:{tmp_path}/missing/products.db")


@pytest.mark.parametrize("url", ["replica-set:x", "replica-set:3?lag=1", "replica-set:2", "replica-set:3?concern=all"])
def test_a_replica_set_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        connect("products", url)

"""The product store: documents with what a search result shows of a product, reviews included."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

import orjson

from recsim.components.sqlite import database_file
from recsim.errors import BadInput

Document = dict[str, Any]
"""`product_key` and the other fields of a search result, with `brand`, `category` (widest first) and `price_usd`."""


def document_key(product: str, tenant: str | None) -> str:
    """What a document is stored under: the product's wire id, with `tenant:{tenant}:` in front for every tenant but
    "default", so that two shops may sell a product of the same id."""
    return product if tenant in (None, "default") else f"tenant:{tenant}:{product}"


def key_of(document: Mapping[str, Any]) -> str:
    """The document key of a document; one that names no tenant is the default tenant's."""
    return document_key(document["product_key"], document.get("tenant"))


class ProductStore(Protocol):
    """Documents by document key."""

    def get_many(self, keys: Sequence[str]) -> list[Document | None]:
        """The document of each key in the order asked, None where there is none."""
        ...

    def put_many(self, documents: Sequence[Document]) -> None:
        """Store documents under their document key (`key_of`), in place of earlier ones of that key."""
        ...

    def count(self) -> int:
        """How many documents there are."""
        ...


class SqliteProductStore:
    """Documents as JSON in one SQLite table: `sqlite:` in memory, `sqlite:/path/products.db` in a file."""

    _MOST_VARIABLES = 500

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS products (key TEXT PRIMARY KEY, document BLOB NOT NULL)")

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open or make the database; raises `BadInput` where the file can't be one."""
        name = database_file(url)
        try:
            return cls(sqlite3.connect(name))
        except sqlite3.Error as error:
            raise BadInput(f"{url} can't be opened as a SQLite database ({error}); name another file.") from None

    def get_many(self, keys: Sequence[str]) -> list[Document | None]:
        found: dict[str, bytes] = {}
        for chunk in _chunks(list(dict.fromkeys(keys)), self._MOST_VARIABLES):
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, document FROM products WHERE key IN ({marks})"  # noqa: S608 - only question marks
            found.update(self._connection.execute(query, chunk))
        return [orjson.loads(found[key]) if key in found else None for key in keys]

    def put_many(self, documents: Sequence[Document]) -> None:
        rows = [(key_of(document), orjson.dumps(document)) for document in documents]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO products VALUES (?, ?)", rows)

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM products").fetchone()[0])


def _chunks(keys: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


RESULT_FIELDS = ("product_key", "product_name", "quantity", "product_details", "pics", "reviews")
"""The part of a document that a search response shows."""


def result_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `results` of a search response."""
    return {name: document[name] for name in RESULT_FIELDS}

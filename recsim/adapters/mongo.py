"""Product documents in MongoDB, through pymongo; `mongomock:` is the same code over an in-process fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import pymongo
from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, PyMongoError

from recsim.components.product_store import Document, key_of
from recsim.errors import BadInput, ServiceUnavailable

MOST_IN_MONGOMOCK = 20_000
"""mongomock has no index, not even on `_id`: a look-up of 20 documents among 20,000 takes about 0.2 s of CPU."""

_DUPLICATE = 11000
_BATCH = 1_000


def database(url: str, *, setting: str) -> Any:  # noqa: ANN401 - pymongo's or its fake
    """The database a URL names; `setting` is the scenario key that an error speaks of.

    Raises `ServiceUnavailable` where no server answers and `BadInput` for a URL that is none.
    """
    if url.startswith("mongomock:"):
        import mongomock

        fake: Any = mongomock.MongoClient()
        return fake["recsim"]
    try:
        client: Any = pymongo.MongoClient(url, serverSelectionTimeoutMS=2_000)
        client.admin.command("ping")
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise BadInput(f"{url} is not a MongoDB URL ({error}); write mongodb://host:port/database.") from None
    except PyMongoError:
        raise ServiceUnavailable(f"no MongoDB answers at {url}; start it, or set {setting} to sqlite:.") from None
    return client.get_default_database("recsim")


class MongoProductStore:
    """One document a product, `_id` its document key, in the collection `products` of the URL's database (else
    `recsim`)."""

    def __init__(self, collection: Any, *, url: str, most: int | None) -> None:  # noqa: ANN401 - pymongo's or its fake
        self._collection = collection
        self._url = url
        self._most = most

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers and `BadInput` for a URL that is none."""
        return cls(
            database(url, setting="stores.products")["products"],
            url=url,
            most=MOST_IN_MONGOMOCK if url.startswith("mongomock:") else None,
        )

    def get_many(self, keys: Sequence[str]) -> list[Document | None]:
        found = {document.pop("_id"): document for document in self._collection.find({"_id": {"$in": list(set(keys))}})}
        return [found.get(key) for key in keys]

    def put_many(self, documents: Sequence[Document]) -> None:
        """New documents go in by `insert_many`; those that exist are replaced one by one: mongomock 4.3 can't run the
        `bulk_write` of pymongo 4.20 with replacements."""
        if self._most is not None and self.count() + len(documents) > self._most:
            self._refuse_if_too_many(documents)
        for start in range(0, len(documents), _BATCH):
            batch = [{"_id": key_of(document), **document} for document in documents[start : start + _BATCH]]
            try:
                self._collection.insert_many(batch, ordered=False)
            except BulkWriteError as error:
                problems = error.details["writeErrors"]
                if any(problem["code"] != _DUPLICATE for problem in problems):
                    raise
                for problem in problems:
                    document = batch[problem["index"]]
                    self._collection.replace_one({"_id": document["_id"]}, document)

    def count(self) -> int:
        return int(self._collection.count_documents({}))

    def _refuse_if_too_many(self, documents: Sequence[Document]) -> None:
        keys = {key_of(document) for document in documents}
        total = len(keys | set(self._collection.distinct("_id")))
        if self._most is not None and total > self._most:
            raise BadInput(
                f"stores.products = {self._url} holds at most {self._most:,} products (it scans them all at every "
                f"look-up) and this world has at least {total:,}; set stores.products to sqlite: or to mongodb://host:port/database."
            )

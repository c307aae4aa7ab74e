"""Embeddings in DynamoDB, through boto3: `dynamodb:REGION/TABLE`, or `dynamodb:REGION/TABLE?endpoint=http://…`.

One item a vector: partition key `set` = tenant, kind and version; sort key `key`; `vector` its float32 bytes. The
versions of a kind that are whole are items of the set `versions`. The table is made, on demand billing, where there is
none. Credentials are those boto3 finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from recsim.components.embedding_store import Kind, check_set
from recsim.errors import BadInput, ServiceUnavailable

_GET_BATCH = 100
"""Keys of one BatchGetItem, the service's limit."""

_ROUNDS = 8
"""Times a batch is asked again for what the service left unprocessed."""


class DynamoEmbeddingStore:
    """The embedding store; see `EmbeddingStore`."""

    def __init__(self, resource: Any, table: str) -> None:  # noqa: ANN401 - boto3 makes its classes at run time
        self._resource = resource
        self._name = table
        self._table = resource.Table(table)

    @classmethod
    def from_url(cls, url: str) -> Self:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        address, _, query = url.partition(":")[2].partition("?")
        region, slash, table = address.partition("/")
        if not (region and slash and table):
            raise BadInput(f'"{url}" is no DynamoDB table; write dynamodb:REGION/TABLE.')
        endpoint = parse_qs(query).get("endpoint", [None])[0]
        config = Config(connect_timeout=3, retries={"max_attempts": 3, "mode": "standard"})
        resource: Any = boto3.resource("dynamodb", region_name=region, endpoint_url=endpoint, config=config)
        store = cls(resource, table)
        try:
            store._make()
        except (BotoCoreError, ClientError) as error:
            raise ServiceUnavailable(f"DynamoDB in {region} does not answer for table {table} ({error}).") from None
        return store

    def _make(self) -> None:
        """Make the table where there is none."""
        missing = self._resource.meta.client.exceptions.ResourceNotFoundException
        try:
            self._table.load()
        except missing:
            self._table = self._resource.create_table(
                TableName=self._name,
                KeySchema=[
                    {"AttributeName": "set", "KeyType": "HASH"},
                    {"AttributeName": "key", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": "set", "AttributeType": "S"},
                    {"AttributeName": "key", "AttributeType": "S"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            self._table.wait_until_exists()

    def publish(
        self, kind: Kind, keys: Sequence[str], vectors: NDArray[np.float32], *, version: int, tenant: str = "default"
    ) -> None:
        check_set(keys, vectors, version)
        self.drop(kind, version, tenant=tenant)
        packed = np.ascontiguousarray(vectors, "<f4")
        with self._table.batch_writer(overwrite_by_pkeys=["set", "key"]) as batch:
            for key, row in zip(keys, packed, strict=True):
                batch.put_item(Item={"set": _set(tenant, kind, version), "key": key, "vector": row.tobytes()})
        self._table.put_item(Item={"set": _set(tenant, kind), "key": f"{version:09d}"})

    def get(
        self, kind: Kind, keys: Sequence[str], *, version: int, tenant: str = "default"
    ) -> list[NDArray[np.float32] | None]:
        if version not in self.versions(kind, tenant=tenant):
            return [None] * len(keys)
        wanted, found = sorted(set(keys)), dict[str, NDArray[np.float32]]()
        for start in range(0, len(wanted), _GET_BATCH):
            part = [{"set": _set(tenant, kind, version), "key": key} for key in wanted[start : start + _GET_BATCH]]
            for item in self._batch(part):
                found[item["key"]] = np.frombuffer(bytes(item["vector"].value), "<f4").astype(np.float32)
        return [found.get(key) for key in keys]

    def _batch(self, keys: list[dict[str, str]]) -> list[dict[str, Any]]:
        """The items of at most 100 keys, asked again for what comes back unprocessed."""
        items: list[dict[str, Any]] = []
        asked: dict[str, Any] = {self._name: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(_ROUNDS):
            answer = self._resource.batch_get_item(RequestItems=asked)
            items += answer["Responses"].get(self._name, [])
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return items
        raise ServiceUnavailable(f"DynamoDB leaves keys of table {self._name} unprocessed; raise its capacity.")

    def versions(self, kind: Kind, *, tenant: str = "default") -> list[int]:
        return sorted(int(key) for key in self._keys(_set(tenant, kind)))

    def _keys(self, name: str) -> list[str]:
        from boto3.dynamodb.conditions import Key

        asked: dict[str, Any] = {
            "KeyConditionExpression": Key("set").eq(name), "ProjectionExpression": "#k",
            "ExpressionAttributeNames": {"#k": "key"}, "ConsistentRead": True,
        }  # fmt: skip
        keys: list[str] = []
        while True:
            answer = self._table.query(**asked)
            keys += [item["key"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return keys
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def drop(self, kind: Kind, version: int, *, tenant: str = "default") -> None:
        self._table.delete_item(Key={"set": _set(tenant, kind), "key": f"{version:09d}"})
        name = _set(tenant, kind, version)
        with self._table.batch_writer() as batch:
            for key in self._keys(name):
                batch.delete_item(Key={"set": name, "key": key})

    def close(self) -> None:
        self._resource.meta.client.close()


def _set(tenant: str, kind: Kind, version: int | None = None) -> str:
    """The partition key of a version's vectors, or of the list of versions. Length first, so that no name reaches
    another's."""
    return f"{len(tenant)}:{tenant}:{kind}" + ("" if version is None else f":v{version}")

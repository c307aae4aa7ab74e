"""The topic log in Kafka, through confluent-kafka; `mock-kafka:` is the same code over the client's mock cluster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from recsim.components.topics import Delivery, Record
from recsim.errors import BadInput, ServiceUnavailable

_ANSWER_S = 5.0
_CONNECT_S = 2.0


class KafkaLog:
    """`kafka://host:port[,host:port]`, or `mock-kafka:`.

    Writing waits for all in-sync replicas (`acks=all`, idempotent producer) before it returns. The partitioner is
    CRC-32 of the key, as the embedded log's. Fit for any size on a real cluster; **the mock cluster keeps 5 MiB a
    partition and then silently loses the oldest**: tests only.
    """

    def __init__(self, servers: str, *, producer: Any) -> None:  # noqa: ANN401 - confluent_kafka has no types
        self._servers = servers
        self._producer = producer
        self._consumers: dict[tuple[str, str], Any] = {}
        self._following: dict[tuple[str, str], dict[int, int]] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no broker answers and `BadInput` for a URL that is none."""
        from confluent_kafka import KafkaException, Producer

        settings: dict[str, Any] = {
            "acks": "all", "enable.idempotence": True, "partitioner": "consistent", "linger.ms": 1,
            "message.timeout.ms": int(_ANSWER_S * 1000), "log_level": 0,
        }  # fmt: skip
        if url.startswith("mock-kafka:"):
            producer = Producer(settings | {"test.mock.num.brokers": 3, "bootstrap.servers": "mock"})
        else:
            producer = Producer(settings | {"bootstrap.servers": _servers(url)})
        try:
            brokers = producer.list_topics(timeout=_CONNECT_S).brokers.values()
        except KafkaException:
            raise ServiceUnavailable(
                f"no Kafka answers at {url}; start it, or set stores.topics to embedded:."
            ) from None
        return cls(",".join(f"{broker.host}:{broker.port}" for broker in brokers), producer=producer)

    def append(self, topic: str, records: Sequence[Record]) -> list[tuple[int, int]]:
        placed: list[tuple[int, int]] = [(-1, -1)] * len(records)
        failed: list[str] = []

        def told(number: int) -> Any:  # noqa: ANN401 - a delivery callback
            def callback(error: Any, message: Any) -> None:  # noqa: ANN401 - confluent_kafka has no types
                if error is not None:
                    failed.append(error.str())
                else:
                    placed[number] = (message.partition(), message.offset())

            return callback

        for number, record in enumerate(records):
            self._producer.produce(
                topic, key=record.key.encode(), value=record.value, timestamp=record.at_us // 1000,
                headers={"at_us": str(record.at_us)}, on_delivery=told(number),
            )  # fmt: skip
            self._producer.poll(0)
        left = self._producer.flush(_ANSWER_S)
        if left or failed:
            reason = failed[0] if failed else f"{left} records unacknowledged after {_ANSWER_S:g} s"
            raise ServiceUnavailable(f"Kafka at {self._servers} did not take records of topic {topic} ({reason}).")
        return placed

    def fetch(self, topic: str, group: str, limit: int) -> list[Delivery]:
        from confluent_kafka import TopicPartition

        consumer = self._consumer(topic, group)
        following = self._following[topic, group]
        ends = {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_ANSWER_S)[1]
            for number in following
        }
        found: list[Delivery] = []
        late_at = time.monotonic() + _ANSWER_S
        while len(found) < limit and any(following[number] < end for number, end in ends.items()):
            messages = consumer.consume(min(limit - len(found), 1_000), timeout=0.1)
            for message in messages:
                if message.error() is None:
                    found.append(_delivery(message))
                    following[message.partition()] = message.offset() + 1
            if messages:
                late_at = time.monotonic() + _ANSWER_S
            elif time.monotonic() > late_at:
                raise ServiceUnavailable(f"Kafka at {self._servers} stopped answering on topic {topic}.")
        return found

    def commit(self, topic: str, group: str) -> None:
        from confluent_kafka import TopicPartition

        consumer = self._consumer(topic, group)
        reached = [TopicPartition(topic, number, offset) for number, offset in self._following[topic, group].items()]
        consumer.commit(offsets=reached, asynchronous=False)

    def rewind(self, topic: str, group: str) -> None:
        consumer = self._consumers.pop((topic, group), None)
        if consumer is not None:
            consumer.close()

    def close(self) -> None:
        for consumer in self._consumers.values():
            consumer.close()
        self._consumers.clear()
        self._producer.flush(_ANSWER_S)

    def _consumer(self, topic: str, group: str) -> Any:  # noqa: ANN401 - confluent_kafka has no types
        """The group's reader. It is given every partition at once, from the committed offsets, instead of joining a
        rebalance: one reader a group is what the port promises, and a join takes seconds."""
        if (topic, group) not in self._consumers:
            from confluent_kafka import Consumer, TopicPartition

            settings = {
                "bootstrap.servers": self._servers, "group.id": f"{group}.{topic}", "auto.offset.reset": "earliest",
                "enable.auto.commit": False, "log_level": 0,
            }  # fmt: skip
            consumer = Consumer(settings)
            known = consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions
            places = consumer.committed([TopicPartition(topic, number) for number in sorted(known)], timeout=_ANSWER_S)
            for place in places:
                first = consumer.get_watermark_offsets(TopicPartition(topic, place.partition), timeout=_ANSWER_S)[0]
                place.offset = max(place.offset, first)
            consumer.assign(places)
            self._following[topic, group] = {place.partition: place.offset for place in places}
            self._consumers[topic, group] = consumer
        return self._consumers[topic, group]


def _servers(url: str) -> str:
    found = urlsplit(url)
    if found.scheme != "kafka" or not found.netloc:
        raise BadInput(f"{url} is not a Kafka URL; write kafka://host:port, several brokers with commas.")
    return found.netloc


def _delivery(message: Any) -> Delivery:  # noqa: ANN401 - confluent_kafka has no types
    headers = dict(message.headers() or [])
    at_us = int(headers["at_us"]) if "at_us" in headers else message.timestamp()[1] * 1000
    key = (message.key() or b"").decode()
    return Delivery(message.partition(), message.offset(), Record(key, message.value() or b"", at_us))

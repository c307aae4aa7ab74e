"""The product index in OpenSearch (opensearch-py) or Elasticsearch (its own client)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np

from recsim.adapters.opensearch_query import MAPPING, MOST_VALUES, document_of, filters_of, path_of, request_of
from recsim.components.product_index import SHIPPED, Collected, SearchWeights, answer
from recsim.components.search_listing import Listing
from recsim.components.search_plan import Plan
from recsim.components.search_request import Filters, Hits, SearchQuery
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms
from recsim.errors import BadInput, ServiceUnavailable

TIMEOUT_S = 10
BM25_FACTOR = 2.2
"""k1 + 1, which BM25 scores of Elasticsearch and of OpenSearch before 3.0 contain, and those of OpenSearch 3 don't
(github.com/opensearch-project/OpenSearch/issues/17315)."""

_Documents = Iterable[tuple[int, Mapping[str, Any]]]


class OpenSearchProductIndex:
    """`opensearch://host:port/index` and `elasticsearch://host:port/index` (`+https` after the name for TLS, user and
    password as URLs hold them). `build` makes the index anew; a word's suggestions come from an aggregation of all
    words, of which a server gives at most 65,535.
    """

    def __init__(self, client: Any, helpers: Any, index: str, url: str, constant: float) -> None:  # noqa: ANN401
        self.weights: SearchWeights = SHIPPED
        self._client = client
        self._helpers = helpers
        self._name = index
        self._url = url
        self._constant = constant
        self._synonyms = Synonyms()
        self._vocabularies: dict[str | None, Vocabulary] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers and `BadInput` for a URL that is none."""
        parts = urlsplit(url)
        index = parts.path.strip("/")
        if not parts.hostname or not index or "/" in index or index != index.lower() or index[0] in "_-+":
            raise BadInput(f"{url} is not the URL of an index; write {parts.scheme}://host:9200/products.")
        product, _, tls = parts.scheme.partition("+")
        address = f"{tls or 'http'}://{parts.netloc.rpartition('@')[2]}"
        login = (parts.username, parts.password or "") if parts.username else None
        client, helpers = (_elasticsearch if product == "elasticsearch" else _opensearch)(address, login)
        made = cls(client, helpers, index, url, 1.0)
        version = made._ask(client.info)["version"]
        if version.get("distribution") == "opensearch" and int(version["number"].partition(".")[0]) >= 3:
            made._constant = 1 / BM25_FACTOR
        return made

    def _ask(self, call: Any, **arguments: Any) -> Any:  # noqa: ANN401 - what the servers answer
        """One call; raises `ServiceUnavailable` where it fails for want of a server."""
        try:
            return call(**arguments)
        except Exception as error:
            if type(error).__name__ in _UNREACHABLE:
                raise ServiceUnavailable(
                    f"no search server answers at {self._url} ({type(error).__name__}); "
                    "start it, or set stores.index to embedded:."
                ) from None
            raise

    def build(self, documents: _Documents) -> None:
        """Index documents in place of all there were."""
        indices = self._client.indices
        if self._ask(indices.exists, index=self._name):
            self._ask(indices.delete, index=self._name)
        self._ask(indices.create, index=self._name, body=MAPPING)
        self.update(documents)

    def update(self, documents: _Documents) -> None:
        """Index documents in place of earlier ones; searchable when it returns."""
        actions = (
            {
                "_op_type": "index",
                "_index": self._name,
                "_id": str(number),
                "_source": document_of(Listing.of(number, document)),
            }
            for number, document in documents
        )
        self._ask(self._helpers.bulk, client=self._client, actions=actions)
        self._ask(self._client.indices.refresh, index=self._name)
        self._vocabularies.clear()

    def search(self, query: SearchQuery) -> Hits:
        """The answer to a query."""
        return answer(self, query, self.vocabulary(query.tenant), self._synonyms)

    def collect(
        self, found: Plan, query: SearchQuery, *, size: int, skip: int, columns: Mapping[str, Filters]
    ) -> Collected:
        """Hits and counts in one request."""
        body = request_of(found, query, self.weights, constant=self._constant, size=size, skip=skip, columns=columns)
        result = self._ask(self._client.search, index=self._name, body=body)
        hits = result["hits"]["hits"]
        return Collected(
            np.array([hit["_source"]["product"] for hit in hits], np.int64),
            np.array([hit["_score"] or 0.0 for hit in hits], np.float32),
            np.empty(0, np.int64),
            [path_of(hit["_source"]) for hit in hits],
            int(result["hits"]["total"]["value"]),
            {column: _buckets(result["aggregations"][column]["values"]) for column in columns},
            bool(result["timed_out"] or result["_shards"]["failed"]),
        )

    def has_phrase(self, pair: tuple[str, str], tenant: str | None) -> bool:
        """Whether any product of a tenant (None: of any) has the two stems side by side in its name."""
        phrase = {"match_phrase": {"name": {"query": " ".join(pair)}}}
        inside = {"bool": {"must": [phrase], "filter": filters_of(Filters(), tenant)}}
        return bool(self._ask(self._client.count, index=self._name, body={"query": inside})["count"])

    def vocabulary(self, tenant: str | None) -> Vocabulary:
        """The words of a tenant's products, asked for once after each write."""
        if tenant not in self._vocabularies:
            inside = filters_of(Filters(), tenant) or [{"match_all": {}}]
            aggs = {"words": {"terms": {"field": "words", "size": MOST_VALUES}}}
            body = {"size": 0, "query": {"bool": {"filter": inside}}, "aggs": aggs}
            counts = _buckets(self._ask(self._client.search, index=self._name, body=body)["aggregations"]["words"])
            self._vocabularies[tenant] = Vocabulary((str(word), count) for word, count in counts.items())
        return self._vocabularies[tenant]

    def learn(self, synonyms: Synonyms) -> None:
        """Use these synonyms from now on."""
        self._synonyms = synonyms

    def count(self) -> int:
        """How many products there are; none where the index has not been built."""
        if not self._ask(self._client.indices.exists, index=self._name):
            return 0
        return int(self._ask(self._client.count, index=self._name)["count"])


_UNREACHABLE = frozenset({"ConnectionError", "ConnectionTimeout", "SSLError", "TlsError"})


def _opensearch(address: str, login: tuple[str, str] | None) -> tuple[Any, Any]:
    import opensearchpy

    return opensearchpy.OpenSearch(address, http_auth=login, timeout=TIMEOUT_S, max_retries=1), opensearchpy.helpers


def _elasticsearch(address: str, login: tuple[str, str] | None) -> tuple[Any, Any]:
    try:
        import elasticsearch
        from elasticsearch import helpers
    except ImportError:
        raise BadInput(
            'elasticsearch:// needs its client; pip install "recsim-workbench[elasticsearch]", or use opensearch://.'
        ) from None
    client = elasticsearch.Elasticsearch(address, basic_auth=login, request_timeout=TIMEOUT_S, max_retries=1)
    return client, helpers


def _buckets(aggregation: Mapping[str, Any]) -> dict[str | int, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in aggregation["buckets"]}

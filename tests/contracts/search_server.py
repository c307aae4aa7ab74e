"""A search server for tests: it answers on HTTP as OpenSearch or Elasticsearch does, and really evaluates what it is
asked (the part of the query language that recsim uses), slowly and independently of the embedded index: Lucene's BM25
over white-space tokens, in plain Python. An unknown route, query or option is an error, as on the real thing."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

K1, B = 1.2, 0.75
Doc = dict[str, Any]


class Shelf:
    """One index: its mapping and its documents by id."""

    def __init__(self, body: Doc, factor: float) -> None:
        self.types = {name: of["type"] for name, of in body["mappings"]["properties"].items()}
        self.shown = body["mappings"]["_source"]["includes"]
        self.docs: dict[str, Doc] = {}
        self.factor = factor

    def put(self, key: str, doc: Doc) -> None:
        unknown = set(doc) - set(self.types)
        if unknown:
            raise ValueError(f"strict_dynamic_mapping_exception: {unknown}")
        self.docs[key] = doc

    def values(self, doc: Doc, field: str) -> list[Any]:
        if field not in self.types:
            raise ValueError(f"no mapping for {field}")
        value = doc.get(field, [])
        if self.types[field] == "text":
            return value.split() if isinstance(value, str) else []
        return value if isinstance(value, list) else [value]

    def bm25(self, doc: Doc, field: str, terms: list[str], times: int) -> float:
        lengths = [len(self.values(other, field)) for other in self.docs.values()]
        filled = [length for length in lengths if length]
        idf = 0.0
        for term in terms:
            having = sum(term in self.values(other, field) for other in self.docs.values())
            idf += math.log(1 + (len(filled) - having + 0.5) / (having + 0.5))
        norm = 1 - B + B * len(self.values(doc, field)) / (sum(filled) / len(filled))
        return self.factor * idf * times / (times + K1 * norm)


def score(shelf: Shelf, query: Doc, doc: Doc) -> float | None:
    """The score of a document, None where it does not match."""
    [(kind, body)] = query.items()
    return KINDS[kind](shelf, body, doc)


def _term(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    [(field, given)] = body.items()
    value, boost = (given["value"], given.get("boost", 1.0)) if isinstance(given, dict) else (given, 1.0)
    times = shelf.values(doc, field).count(value)
    if not times:
        return None
    return boost * (shelf.bm25(doc, field, [value], times) if shelf.types[field] == "text" else 1.0)


def _terms(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    [(field, wanted)] = body.items()
    return 1.0 if set(wanted) & set(shelf.values(doc, field)) else None


def _phrase(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    [(field, given)] = body.items()
    terms, tokens = given["query"].split(), shelf.values(doc, field)
    slop = given.get("slop", 0)
    times = 0
    for start, token in enumerate(tokens):
        if token == terms[0]:
            rest = tokens[start + 1 : start + len(terms) + slop]
            it = iter(rest)
            times += all(any(word == term for word in it) for term in terms[1:])
    return given.get("boost", 1.0) * shelf.bm25(doc, field, terms, times) if times else None


def _range(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    [(field, bounds)] = body.items()
    assert set(bounds) <= {"gte", "lte"}, bounds
    inside = [
        value
        for value in shelf.values(doc, field)
        if bounds.get("gte", -math.inf) <= value <= bounds.get("lte", math.inf)
    ]
    return 1.0 if inside else None


def _bool(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    assert set(body) <= {"must", "should", "filter", "must_not", "minimum_should_match"}, body
    must = [score(shelf, one, doc) for one in body.get("must", [])]
    if None in must or None in [score(shelf, one, doc) for one in body.get("filter", [])]:
        return None
    if any(score(shelf, one, doc) is not None for one in body.get("must_not", [])):
        return None
    should = [found for found in (score(shelf, one, doc) for one in body.get("should", [])) if found is not None]
    optional = bool(body.get("must") or body.get("filter") or not body.get("should"))
    if len(should) < body.get("minimum_should_match", 0 if optional else 1):
        return None
    return sum(found for found in [*must, *should] if found is not None)


def _dis_max(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    found = [one for one in (score(shelf, query, doc) for query in body["queries"]) if one is not None]
    if not found:
        return None
    return max(found) + body["tie_breaker"] * (sum(found) - max(found))


def _constant(shelf: Shelf, body: Doc, doc: Doc) -> float | None:
    return body["boost"] if score(shelf, body["filter"], doc) is not None else None


KINDS = {
    "term": _term, "terms": _terms, "match_phrase": _phrase, "range": _range, "bool": _bool, "dis_max": _dis_max,
    "constant_score": _constant, "match_all": lambda shelf, body, doc: 1.0,
}  # fmt: skip


def search(shelf: Shelf, body: Doc) -> Doc:
    """A response to a `_search`."""
    known = {"query", "from", "size", "sort", "track_total_hits", "aggs", "post_filter"}
    if set(body) - known:
        raise ValueError(f"unknown key {set(body) - known}")
    if body.get("from", 0) + body.get("size", 10) > 10_000:
        raise ValueError("Result window is too large")
    scored = {key: found for key, doc in shelf.docs.items() if (found := score(shelf, body["query"], doc)) is not None}
    after = body.get("post_filter", {"match_all": {}})
    hits = [key for key in scored if score(shelf, after, shelf.docs[key]) is not None]
    by_score = False
    for rule in reversed(body.get("sort", [])):
        [(field, given)] = rule.items()
        order = given if isinstance(given, str) else given["order"]
        sign = -1 if order == "desc" else 1
        by_score |= field == "_score"

        def place(key: str, field: str = field, sign: int = sign) -> float:
            value = scored[key] if field == "_score" else next(iter(shelf.values(shelf.docs[key], field)), None)
            return math.inf if value is None else sign * value

        hits.sort(key=place)
    page = hits[body.get("from", 0) : body.get("from", 0) + body.get("size", 10)]
    return {
        "took": 1, "timed_out": False, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": len(hits), "relation": "eq"},
            "hits": [
                {"_id": key, "_score": scored[key] if by_score else None,
                 "_source": {name: shelf.docs[key][name] for name in shelf.shown if name in shelf.docs[key]}}
                for key in page
            ],
        },
        "aggregations": {name: aggregate(shelf, agg, list(scored)) for name, agg in body.get("aggs", {}).items()},
    }  # fmt: skip


def aggregate(shelf: Shelf, agg: Doc, keys: list[str]) -> Doc:
    if "filter" in agg:
        inside = [key for key in keys if score(shelf, agg["filter"], shelf.docs[key]) is not None]
        below = {name: aggregate(shelf, one, inside) for name, one in agg["aggs"].items()}
        return {"doc_count": len(inside), **below}
    field, size = agg["terms"]["field"], agg["terms"]["size"]
    counts = Counter(value for key in keys for value in set(shelf.values(shelf.docs[key], field)))
    ranked = sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))
    return {"buckets": [{"key": value, "doc_count": count} for value, count in ranked[:size]]}


class Server:
    """Routes. `broken` makes shards fail in every answer."""

    def __init__(self, distribution: str, version: str) -> None:
        self.distribution = distribution
        self.version = version
        self.indexes: dict[str, Shelf] = {}
        self.broken = False

    def answer(self, method: str, path: str, body: str) -> tuple[int, Any]:
        parts = [part for part in path.partition("?")[0].split("/") if part]
        if not parts:
            number = {"number": self.version} | ({"distribution": "opensearch"} if self.distribution else {})
            return 200, {"name": "test", "cluster_name": "test", "version": number, "tagline": "for search"}
        if parts[-1] == "_bulk" and method in ("POST", "PUT"):
            return 200, self._bulk(body)
        name = parts[0]
        if len(parts) == 1 and method == "PUT":
            factor = 1.0 if self.distribution and self.version >= "3" else K1 + 1
            self.indexes[name] = Shelf(json.loads(body), factor)
            return 200, {"acknowledged": True, "index": name}
        if name not in self.indexes:
            return 404, {"error": {"type": "index_not_found_exception", "reason": f"no such index [{name}]"}}
        if len(parts) == 1:
            if method == "DELETE":
                del self.indexes[name]
            return 200, {"acknowledged": True}
        if parts[1] == "_refresh":
            return 200, {"_shards": {"failed": 0}}
        given = json.loads(body) if body else {}
        if parts[1] == "_count":
            found = search(self.indexes[name], {"query": given.get("query", {"match_all": {}}), "size": 0})
            return 200, {"count": found["hits"]["total"]["value"]}
        if parts[1] == "_search":
            found = search(self.indexes[name], given)
            found["_shards"]["failed"] = int(self.broken)
            return 200, found
        return 400, {"error": {"type": "illegal_argument_exception", "reason": path}}

    def _bulk(self, body: str) -> Doc:
        lines = [json.loads(line) for line in body.splitlines() if line]
        for action, doc in zip(lines[::2], lines[1::2], strict=True):
            self.indexes[action["index"]["_index"]].put(action["index"]["_id"], doc)
        return {
            "errors": False,
            "items": [{"index": {"_id": line["index"]["_id"], "status": 201}} for line in lines[::2]],
        }


@contextmanager
def serving(distribution: str, version: str) -> Iterator[tuple[Server, int]]:
    """A server on a free port of this machine: `distribution` is "opensearch", or "" for Elasticsearch."""
    server = Server(distribution, version)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            try:
                status, given = server.answer(self.command, self.path, body)
            except (ValueError, KeyError, AssertionError) as error:
                status, given = 400, {"error": {"type": "parsing_exception", "reason": repr(error)}}
            payload = json.dumps(given).encode()
            self.send_response(status)
            kind = "application/json" if distribution else "application/vnd.elasticsearch+json;compatible-with=9"
            self.send_header("Content-Type", kind)
            if not distribution:
                self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = respond  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server, http.server_address[1]
    finally:
        http.shutdown()
        http.server_close()

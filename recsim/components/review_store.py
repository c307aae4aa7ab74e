"""Reviews, their comments and their votes: the durable owner.

A vote is a register a (tenant, review, user): the latest wins, by (time, vote id), whatever the order of arrival and
however often it arrives. Counters are sums of registers, so two stores that saw the same votes in any order agree.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, NamedTuple, Protocol, Self

import orjson

from recsim.components.sqlite import database_file
from recsim.errors import BadInput


@dataclass(frozen=True)
class StoredReview:
    """A review as it was submitted. `media` are object paths; `verified` says whether the reviewer bought it."""

    review_id: str
    product: str
    user: str
    stars: int
    title: str
    text: str
    at_us: int
    verified: bool
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comment:
    """A remark under a review."""

    comment_id: str
    user: str
    text: str
    at_us: int


class Vote(NamedTuple):
    """One press of a button: +1 helpful, -1 not helpful, 0 taken back."""

    tenant: str
    review_id: str
    user: str
    direction: int
    at_us: int
    vote_id: str


class ReviewStore(Protocol):
    """The owner of reviews, comments and vote registers."""

    def add(self, review: StoredReview, *, tenant: str) -> bool:
        """Keep a review, durably, and put it in the outbox; False where its id is known already."""
        ...

    def get(self, review_ids: Sequence[str], *, tenant: str) -> list[StoredReview | None]:
        """The reviews in the order asked."""
        ...

    def of_product(self, product: str, *, tenant: str) -> list[StoredReview]:
        """All reviews of a product, oldest first."""
        ...

    def comment(self, review_id: str, comment: Comment, *, tenant: str) -> bool:
        """Keep a comment; False where the review is unknown. The same comment id again changes nothing."""
        ...

    def comments(self, review_ids: Sequence[str], *, tenant: str) -> list[list[Comment]]:
        """The comments of each review, oldest first."""
        ...

    def apply(self, votes: Sequence[Vote]) -> set[tuple[str, str]]:
        """Bring registers up to date; returns the (tenant, review) whose counts may have changed."""
        ...

    def votes(self, review_ids: Sequence[str], *, tenant: str) -> list[tuple[int, int]]:
        """(helpful, not helpful) of each review, summed over its registers."""
        ...

    def registers(self, review_id: str, users: Sequence[str], *, tenant: str) -> dict[str, int]:
        """The direction of those of some users that have voted on a review."""
        ...

    def unpublished(self, limit: int) -> list[tuple[str, StoredReview]]:
        """(tenant, review) that are not known to be indexed and logged, oldest first: the outbox."""
        ...

    def mark_published(self, reviews: Sequence[tuple[str, str]]) -> None:
        """These (tenant, review) are indexed and logged."""
        ...


_SCHEMA = """
CREATE TABLE IF NOT EXISTS reviews (
    tenant TEXT, id TEXT, product TEXT, user TEXT, stars INTEGER, title TEXT, text TEXT, at_us INTEGER,
    verified INTEGER, media BLOB, published INTEGER DEFAULT 0, PRIMARY KEY (tenant, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reviews_of_product ON reviews (tenant, product, at_us);
CREATE INDEX IF NOT EXISTS reviews_outbox ON reviews (at_us) WHERE published = 0;
CREATE TABLE IF NOT EXISTS comments (
    tenant TEXT, review TEXT, id TEXT, user TEXT, text TEXT, at_us INTEGER,
    PRIMARY KEY (tenant, review, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    tenant TEXT, review TEXT, user TEXT, direction INTEGER, at_us INTEGER, vote TEXT,
    PRIMARY KEY (tenant, review, user)) WITHOUT ROWID;
"""
_FIELDS = "id, product, user, stars, title, text, at_us, verified, media"
_MOST_VARIABLES = 500


class SqliteReviewStore:
    """`sqlite:` in memory, `sqlite:/path/reviews.db` in a file (write-ahead log)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = RLock()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open or make the database; raises `BadInput` where the file can't be one."""
        name = database_file(url)
        try:
            return cls(sqlite3.connect(name, check_same_thread=False, timeout=30))
        except sqlite3.Error as error:
            raise BadInput(f"{url} can't be opened as a SQLite database ({error}); name another file.") from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def add(self, review: StoredReview, *, tenant: str) -> bool:
        row = (
            tenant, review.review_id, review.product, review.user, review.stars, review.title, review.text,
            review.at_us, int(review.verified), orjson.dumps(list(review.media)),
        )  # fmt: skip
        insert = f"INSERT INTO reviews (tenant, {_FIELDS}) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"  # noqa: S608
        with self._transaction() as connection:
            return connection.execute(insert, row).rowcount == 1

    def get(self, review_ids: Sequence[str], *, tenant: str) -> list[StoredReview | None]:
        found = {row[0]: _review(row) for row in self._in(f"SELECT {_FIELDS} FROM reviews", "id", tenant, review_ids)}  # noqa: S608
        return [found.get(review_id) for review_id in review_ids]

    def of_product(self, product: str, *, tenant: str) -> list[StoredReview]:
        query = f"SELECT {_FIELDS} FROM reviews WHERE tenant = ? AND product = ? ORDER BY at_us, id"  # noqa: S608
        with self._lock:
            return [_review(row) for row in self._connection.execute(query, (tenant, product))]

    def comment(self, review_id: str, comment: Comment, *, tenant: str) -> bool:
        with self._transaction() as connection:
            known = connection.execute("SELECT 1 FROM reviews WHERE tenant = ? AND id = ?", (tenant, review_id))
            if known.fetchone() is None:
                return False
            connection.execute(
                "INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (tenant, review_id, comment.comment_id, comment.user, comment.text, comment.at_us),
            )
            return True

    def comments(self, review_ids: Sequence[str], *, tenant: str) -> list[list[Comment]]:
        found: dict[str, list[Comment]] = {}
        query = "SELECT review, id, user, text, at_us FROM comments"
        for review, *fields in sorted(self._in(query, "review", tenant, review_ids), key=lambda row: (row[4], row[1])):
            found.setdefault(review, []).append(Comment(*fields))
        return [found.get(review_id, []) for review_id in review_ids]

    def apply(self, votes: Sequence[Vote]) -> set[tuple[str, str]]:
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO votes (tenant, review, user, direction, at_us, vote) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (tenant, review, user) DO UPDATE SET direction = excluded.direction, "
                "at_us = excluded.at_us, vote = excluded.vote "
                "WHERE (excluded.at_us, excluded.vote) > (at_us, vote)",
                votes,
            )
        return {(vote.tenant, vote.review_id) for vote in votes}

    def votes(self, review_ids: Sequence[str], *, tenant: str) -> list[tuple[int, int]]:
        query = "SELECT review, direction FROM votes"
        up, down = dict.fromkeys(review_ids, 0), dict.fromkeys(review_ids, 0)
        for review, direction in self._in(query, "review", tenant, review_ids):
            up[review] += direction > 0
            down[review] += direction < 0
        return [(up[review_id], down[review_id]) for review_id in review_ids]

    def registers(self, review_id: str, users: Sequence[str], *, tenant: str) -> dict[str, int]:
        wanted = set(users)
        query = "SELECT user, direction FROM votes WHERE tenant = ? AND review = ?"
        if len(wanted) <= _MOST_VARIABLES:
            query += f" AND user IN ({','.join('?' * len(wanted))})"
        with self._lock:
            rows = self._connection.execute(query, (tenant, review_id, *(sorted(wanted) if "IN" in query else ())))
            return {user: direction for user, direction in rows if user in wanted}

    def unpublished(self, limit: int) -> list[tuple[str, StoredReview]]:
        query = f"SELECT tenant, {_FIELDS} FROM reviews WHERE published = 0 ORDER BY at_us, tenant, id LIMIT ?"  # noqa: S608
        with self._lock:
            return [(row[0], _review(row[1:])) for row in self._connection.execute(query, (limit,))]

    def mark_published(self, reviews: Sequence[tuple[str, str]]) -> None:
        with self._transaction() as connection:
            connection.executemany("UPDATE reviews SET published = 1 WHERE tenant = ? AND id = ?", list(reviews))

    def _in(self, query: str, column: str, tenant: str, values: Sequence[str]) -> Iterable[tuple[Any, ...]]:
        """The rows of a tenant whose `column` is among some values."""
        wanted = list(dict.fromkeys(values))
        with self._lock:
            for start in range(0, len(wanted), _MOST_VARIABLES):
                some = wanted[start : start + _MOST_VARIABLES]
                marks = ",".join("?" * len(some))
                yield from self._connection.execute(
                    f"{query} WHERE tenant = ? AND {column} IN ({marks})", (tenant, *some)
                )


def _review(row: Sequence[Any]) -> StoredReview:
    names = ("review_id", "product", "user", "stars", "title", "text", "at_us")
    known = dict(zip(names, row, strict=False))
    return StoredReview(**known, verified=bool(row[7]), media=tuple(orjson.loads(row[8])))

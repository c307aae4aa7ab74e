"""Inventory: stock and reservations in a relational store. Nothing is sold twice, whoever buys at once.

A unit is in stock, held by a reservation, or sold. Holding is one conditional update a product (`quantity - held >=
units`), all products of an order in one transaction and in the order of their keys, so that two orders can neither
take the same unit nor wait for each other in a circle. The database checks `0 <= held <= quantity` besides.

The statements are the same for SQLite and PostgreSQL; `Database` is what differs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, Literal, NamedTuple, Protocol, Self

from recsim.components.sqlite import database_file
from recsim.errors import BadInput


class Line(NamedTuple):
    """So many units of a product."""

    product: str
    units: int


Outcome = Literal[
    "held", "sold-out", "unknown-product", "confirmed", "released", "expired", "unknown-order", "order-exists"
]


@dataclass(frozen=True)
class Reservation:
    """What became of an order. `product` names the one that was missing, where one was."""

    outcome: Outcome
    product: str | None = None


@dataclass(frozen=True)
class Sale:
    """A confirmed order and what it took."""

    tenant: str
    order: str
    buyer: str
    at_us: int
    lines: list[Line]


class Inventory(Protocol):
    """Stock of a tenant's products, and the orders that hold some of it. Every call is one transaction."""

    def put_stock(self, lines: Sequence[Line], *, tenant: str) -> None:
        """Set the units on hand of some products; units held are kept. Raises `ValueError` below what is held."""
        ...

    def reserve(self, order: str, lines: Sequence[Line], *, tenant: str, buyer: str, until_us: int) -> Reservation:
        """Hold all lines of an order, or none. Asked again for the same order it says what became of it, and
        `order-exists` where the order is another buyer's or has other lines."""
        ...

    def outcome(self, order: str, *, tenant: str, buyer: str) -> Reservation:
        """What became of a buyer's order; `unknown-order` for one that is not theirs."""
        ...

    def confirm(self, order: str, *, tenant: str, now_us: int) -> Reservation:
        """Sell what an order holds; `expired` where its time is over, and then its units are free again."""
        ...

    def release(self, order: str, *, tenant: str) -> Reservation:
        """Give back what an order holds."""
        ...

    def expire(self, now_us: int) -> int:
        """Give back everything held past its time; how many orders that were."""
        ...

    def available(self, products: Sequence[str], *, tenant: str) -> list[int | None]:
        """Units on hand that nobody holds; None for an unknown product."""
        ...

    def unpublished(self, limit: int) -> list[Sale]:
        """Confirmed orders whose purchase events are not known to be in the log: the outbox of the shop."""
        ...

    def mark_published(self, orders: Sequence[tuple[str, str]]) -> None:
        """The purchase events of these (tenant, order) are in the log."""
        ...


class Database(Protocol):
    """A relational database: `mark` is its placeholder, `transaction` gives a cursor and commits or rolls back.

    `broken` is what it raises where a rule of the schema would be broken.
    """

    mark: str
    broken: type[Exception]

    def transaction(self) -> AbstractContextManager[Any]: ...


SCHEMA = (
    """CREATE TABLE IF NOT EXISTS stock (
        tenant TEXT NOT NULL, product TEXT NOT NULL, quantity INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant, product), CHECK (held >= 0 AND held <= quantity))""",
    """CREATE TABLE IF NOT EXISTS orders (
        tenant TEXT NOT NULL, id TEXT NOT NULL, buyer TEXT NOT NULL, state TEXT NOT NULL, until_us BIGINT NOT NULL,
        sold_us BIGINT NOT NULL DEFAULT 0, published INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id))""",
    """CREATE TABLE IF NOT EXISTS order_lines (
        tenant TEXT NOT NULL, id TEXT NOT NULL, product TEXT NOT NULL, units INTEGER NOT NULL,
        PRIMARY KEY (tenant, id, product))""",
    "CREATE INDEX IF NOT EXISTS orders_held ON orders (until_us) WHERE state = 'held'",
    "CREATE INDEX IF NOT EXISTS orders_outbox ON orders (sold_us) WHERE state = 'confirmed' AND published = 0",
)


class _Missing(Exception):
    """A line that can't be held; the transaction is rolled back."""

    def __init__(self, reservation: Reservation) -> None:
        super().__init__(reservation.outcome)
        self.reservation = reservation


class SqlInventory:
    """The inventory in a relational database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as cursor:
            for statement in SCHEMA:
                cursor.execute(statement)

    def _sql(self, statement: str) -> str:
        return statement.replace("?", self._database.mark)

    def put_stock(self, lines: Sequence[Line], *, tenant: str) -> None:
        upsert = self._sql(
            "INSERT INTO stock (tenant, product, quantity) VALUES (?, ?, ?) "
            "ON CONFLICT (tenant, product) DO UPDATE SET quantity = excluded.quantity"
        )
        try:
            with self._database.transaction() as cursor:
                cursor.executemany(upsert, [(tenant, line.product, line.units) for line in sorted(lines)])
        except self._database.broken as error:
            raise ValueError("the stock of a product can't be below 0, or below what orders hold of it") from error

    def reserve(self, order: str, lines: Sequence[Line], *, tenant: str, buyer: str, until_us: int) -> Reservation:
        wanted = _merged(lines)
        try:
            with self._database.transaction() as cursor:
                begin = (
                    "INSERT INTO orders (tenant, id, buyer, state, until_us) VALUES (?, ?, ?, 'held', ?) "
                    "ON CONFLICT DO NOTHING"
                )
                cursor.execute(self._sql(begin), (tenant, order, buyer, until_us))
                if cursor.rowcount == 0:
                    return Reservation(self._known(cursor, order, wanted, tenant, buyer))
                for line in wanted:
                    self._hold(cursor, order, line, tenant)
        except _Missing as missing:
            return missing.reservation
        return Reservation("held")

    def outcome(self, order: str, *, tenant: str, buyer: str) -> Reservation:
        with self._database.transaction() as cursor:
            owner = self._buyer(cursor, order, tenant)
            state = self._state(cursor, order, tenant) if owner == buyer else None
        return Reservation(state or "unknown-order")

    def _known(
        self,
        cursor: Any,  # noqa: ANN401 - a DB-API cursor
        order: str,
        wanted: list[Line],
        tenant: str,
        buyer: str,
    ) -> Outcome:
        """What a second request for an order is told."""
        lines = self._sql("SELECT product, units FROM order_lines WHERE tenant = ? AND id = ? ORDER BY product")
        cursor.execute(lines, (tenant, order))
        same = sorted(Line(*row) for row in cursor.fetchall()) == wanted
        if not same or self._buyer(cursor, order, tenant) != buyer:
            return "order-exists"
        return self._state(cursor, order, tenant) or "unknown-order"

    def _buyer(self, cursor: Any, order: str, tenant: str) -> str | None:  # noqa: ANN401 - a DB-API cursor
        cursor.execute(self._sql("SELECT buyer FROM orders WHERE tenant = ? AND id = ?"), (tenant, order))
        row = cursor.fetchone()
        return None if row is None else row[0]

    def _hold(self, cursor: Any, order: str, line: Line, tenant: str) -> None:  # noqa: ANN401 - a DB-API cursor
        cursor.execute(
            self._sql("UPDATE stock SET held = held + ? WHERE tenant = ? AND product = ? AND quantity - held >= ?"),
            (line.units, tenant, line.product, line.units),
        )
        if cursor.rowcount == 0:
            cursor.execute(self._sql("SELECT 1 FROM stock WHERE tenant = ? AND product = ?"), (tenant, line.product))
            outcome: Outcome = "unknown-product" if cursor.fetchone() is None else "sold-out"
            raise _Missing(Reservation(outcome, line.product))
        cursor.execute(
            self._sql("INSERT INTO order_lines (tenant, id, product, units) VALUES (?, ?, ?, ?)"),
            (tenant, order, line.product, line.units),
        )

    def confirm(self, order: str, *, tenant: str, now_us: int) -> Reservation:
        with self._database.transaction() as cursor:
            found = self._close(cursor, order, tenant, "confirmed", "until_us > ?", now_us)
            if found == "confirmed":
                sold = self._sql("UPDATE orders SET sold_us = ? WHERE tenant = ? AND id = ?")
                cursor.execute(sold, (now_us, tenant, order))
            else:
                expired = self._close(cursor, order, tenant, "expired", "until_us <= ?", now_us)
                found = expired or self._state(cursor, order, tenant)
        return Reservation(found or "unknown-order")

    def release(self, order: str, *, tenant: str) -> Reservation:
        with self._database.transaction() as cursor:
            found = self._close(cursor, order, tenant, "released", "1 = ?", 1) or self._state(cursor, order, tenant)
        return Reservation(found or "unknown-order")

    def _close(
        self,
        cursor: Any,  # noqa: ANN401 - a DB-API cursor
        order: str,
        tenant: str,
        state: Outcome,
        condition: str,
        value: int,
    ) -> Outcome | None:
        """Move a held order to its end and its units with it; None where it is not held or the condition fails."""
        move = f"UPDATE orders SET state = ? WHERE tenant = ? AND id = ? AND state = 'held' AND {condition}"  # noqa: S608
        cursor.execute(self._sql(move), (state, tenant, order, value))
        if cursor.rowcount == 0:
            return None
        lines = self._sql("SELECT product, units FROM order_lines WHERE tenant = ? AND id = ? ORDER BY product")
        cursor.execute(lines, (tenant, order))
        sold = 1 if state == "confirmed" else 0
        for product, units in cursor.fetchall():
            cursor.execute(
                self._sql("UPDATE stock SET held = held - ?, quantity = quantity - ? WHERE tenant = ? AND product = ?"),
                (units, units * sold, tenant, product),
            )
        return state

    def expire(self, now_us: int) -> int:
        with self._database.transaction() as cursor:
            late = "SELECT tenant, id FROM orders WHERE state = 'held' AND until_us <= ? ORDER BY tenant, id"
            cursor.execute(self._sql(late), (now_us,))
            closed = [
                self._close(cursor, order, tenant, "expired", "until_us <= ?", now_us)
                for tenant, order in cursor.fetchall()
            ]
        return sum(state is not None for state in closed)

    def available(self, products: Sequence[str], *, tenant: str) -> list[int | None]:
        found: dict[str, int] = {}
        with self._database.transaction() as cursor:
            for start in range(0, len(products), 500):
                some = list(dict.fromkeys(products[start : start + 500]))
                marks = ", ".join("?" * len(some))
                query = f"SELECT product, quantity - held FROM stock WHERE tenant = ? AND product IN ({marks})"  # noqa: S608
                cursor.execute(self._sql(query), (tenant, *some))
                found.update(cursor.fetchall())
        return [found.get(product) for product in products]

    def unpublished(self, limit: int) -> list[Sale]:
        with self._database.transaction() as cursor:
            waiting = (
                "SELECT tenant, id, buyer, sold_us FROM orders WHERE state = 'confirmed' AND published = 0 "
                "ORDER BY sold_us, tenant, id LIMIT ?"
            )
            cursor.execute(self._sql(waiting), (limit,))
            lines = self._sql("SELECT product, units FROM order_lines WHERE tenant = ? AND id = ? ORDER BY product")
            sales = []
            for tenant, order, buyer, sold_us in cursor.fetchall():
                cursor.execute(lines, (tenant, order))
                sales.append(Sale(tenant, order, buyer, sold_us, [Line(*row) for row in cursor.fetchall()]))
        return sales

    def mark_published(self, orders: Sequence[tuple[str, str]]) -> None:
        with self._database.transaction() as cursor:
            cursor.executemany(self._sql("UPDATE orders SET published = 1 WHERE tenant = ? AND id = ?"), list(orders))

    def _state(self, cursor: Any, order: str, tenant: str) -> Outcome | None:  # noqa: ANN401 - a DB-API cursor
        cursor.execute(self._sql("SELECT state FROM orders WHERE tenant = ? AND id = ?"), (tenant, order))
        row = cursor.fetchone()
        return None if row is None else row[0]


def _merged(lines: Sequence[Line]) -> list[Line]:
    """One line a product, in the order of the keys; raises `ValueError` for one that asks for nothing."""
    units: dict[str, int] = {}
    for line in lines:
        if line.units < 1:
            raise ValueError(f"an order line needs at least one unit, not {line.units}")
        units[line.product] = units.get(line.product, 0) + line.units
    return [Line(product, count) for product, count in sorted(units.items())]


class _Sqlite:
    """One connection that threads take turns at: SQLite has one writer anyway."""

    mark = "?"
    broken: type[Exception] = sqlite3.IntegrityError

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection = connect()
        self._lock = RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._lock:
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


class SqliteInventory(SqlInventory):
    """`sqlite:` in memory, `sqlite:/path/shop.db` in a file (write-ahead log; 62,000 decrements a second measured)."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open or make the database; raises `BadInput` where the file can't be one."""
        name = database_file(url)

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False, timeout=30)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection

        try:
            return cls(_Sqlite(connect))
        except sqlite3.Error as error:
            raise BadInput(f"{url} can't be opened as a SQLite database ({error}); name another file.") from None

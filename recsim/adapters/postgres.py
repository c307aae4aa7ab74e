"""The inventory in PostgreSQL, through psycopg and its connection pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from recsim.components.inventory import SqlInventory
from recsim.errors import BadInput, ServiceUnavailable

CONNECTIONS = 10
"""More do not sell faster: a PostgreSQL of this size commits 3,000 to 7,000 decrements a second whoever asks."""

_CONNECT_S = 3.0
_WAIT_S = 60.0


class _Postgres:
    mark = "%s"

    def __init__(self, pool: Any, broken: type[Exception]) -> None:  # noqa: ANN401 - psycopg_pool.ConnectionPool
        self._pool = pool
        self.broken = broken

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._pool.connection() as connection, connection.cursor() as cursor:
            yield cursor


class PostgresInventory(SqlInventory):
    """`postgresql://user@host:port/database`; read committed, a row lock a product, in the order of keys."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers and `BadInput` for a URL that is none."""
        import psycopg
        from psycopg_pool import ConnectionPool

        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise BadInput(
                f"{url} is not a PostgreSQL URL ({error}); write postgresql://user@host:port/database."
            ) from None
        try:
            psycopg.connect(url, connect_timeout=int(_CONNECT_S)).close()
        except psycopg.OperationalError:
            raise ServiceUnavailable(
                f"no PostgreSQL answers at {url}; start it, or set stores.inventory to sqlite:."
            ) from None
        pool = ConnectionPool(url, min_size=1, max_size=CONNECTIONS, timeout=_WAIT_S, open=True)
        inventory = cls(_Postgres(pool, psycopg.errors.CheckViolation))
        inventory._pool = pool
        return inventory

    _pool: Any = None

    def close(self) -> None:
        """Close the pool's connections."""
        self._pool.close()

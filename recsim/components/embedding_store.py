"""The embedding store: the durable copy of user and product vectors, one set a model version.

What is published is whole or absent: a version can be read once all of it is there, and two versions never mix. Keys
are wire ids; every set belongs to a tenant. Serving keeps its own copy in memory (the index); this one is what a
restarted service, another region or the feature store is filled from.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, Self
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.runs import write_json

Kind = Literal["user", "product"]
VERSIONS_KEPT = 2
"""The one that serves and the one to roll back to."""


class EmbeddingStore(Protocol):
    """Vectors by (tenant, kind, version, key). Raises `ServiceUnavailable` where the server does not answer."""

    def publish(
        self, kind: Kind, keys: Sequence[str], vectors: NDArray[np.float32], *, version: int, tenant: str = "default"
    ) -> None:
        """Store vectors[n, f] of n keys as a version, in place of what the version had."""
        ...

    def get(
        self, kind: Kind, keys: Sequence[str], *, version: int, tenant: str = "default"
    ) -> list[NDArray[np.float32] | None]:
        """The vectors of keys in their order; None for a key the version does not have."""
        ...

    def versions(self, kind: Kind, *, tenant: str = "default") -> list[int]:
        """The versions that are whole, rising."""
        ...

    def drop(self, kind: Kind, version: int, *, tenant: str = "default") -> None:
        """Forget a version; nothing happens where there is none."""
        ...

    def close(self) -> None: ...


def keep_last(store: EmbeddingStore, kind: Kind, *, tenant: str = "default", keep: int = VERSIONS_KEPT) -> None:
    """Drop all but the last versions of a kind."""
    for version in store.versions(kind, tenant=tenant)[:-keep]:
        store.drop(kind, version, tenant=tenant)


def check_set(keys: Sequence[str], vectors: NDArray[np.float32], version: int) -> None:
    """A set has a vector a key, and a version from 1."""
    assert len(keys) == len(vectors), f"{len(keys)} keys and {len(vectors)} vectors"
    assert version >= 1, f"version {version}"


class DirectoryEmbeddingStore:
    """Files in a directory: `TENANT/KIND/v0001/vectors.npy` (float32) and `keys.json`; without one, a temporary
    directory that goes with the store. A version is written aside and renamed, so a kill leaves none half."""

    def __init__(self, directory: Path, *, temporary: bool = False) -> None:
        self._directory = directory
        self._removal = finalize(self, shutil.rmtree, directory, ignore_errors=True) if temporary else None
        self._open: dict[tuple[str, str, int], tuple[dict[str, int], NDArray[np.float32]]] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`file:` (a temporary directory) or `file:DIRECTORY`."""
        scheme, _, path = url.partition(":")
        if scheme != "file":
            raise BadInput(f'"{url}" is no directory of embeddings; write file: or file:DIRECTORY.')
        if path:
            return cls(Path(path))
        from tempfile import mkdtemp

        return cls(Path(mkdtemp(prefix="recsim-embeddings-")), temporary=True)

    def publish(
        self, kind: Kind, keys: Sequence[str], vectors: NDArray[np.float32], *, version: int, tenant: str = "default"
    ) -> None:
        check_set(keys, vectors, version)
        folder = self._folder(tenant, kind) / f"v{version:04d}"
        aside = folder.with_suffix(".partial")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        np.save(aside / "vectors.npy", np.ascontiguousarray(vectors, np.float32), allow_pickle=False)
        write_json(aside / "keys.json", list(keys))
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        self._open.pop((tenant, kind, version), None)

    def get(
        self, kind: Kind, keys: Sequence[str], *, version: int, tenant: str = "default"
    ) -> list[NDArray[np.float32] | None]:
        rows, vectors = self._read(tenant, kind, version)
        places = [rows.get(key) for key in keys]
        return [None if place is None else np.array(vectors[place]) for place in places]

    def versions(self, kind: Kind, *, tenant: str = "default") -> list[int]:
        folders = self._folder(tenant, kind).glob("v*")
        return sorted(int(folder.name[1:]) for folder in folders if folder.suffix != ".partial")

    def drop(self, kind: Kind, version: int, *, tenant: str = "default") -> None:
        self._open.pop((tenant, kind, version), None)
        shutil.rmtree(self._folder(tenant, kind) / f"v{version:04d}", ignore_errors=True)

    def _read(self, tenant: str, kind: Kind, version: int) -> tuple[dict[str, int], NDArray[np.float32]]:
        """The keys' rows and the vectors, mapped into memory once."""
        import orjson

        known = self._open.get((tenant, kind, version))
        if known is not None:
            return known
        folder = self._folder(tenant, kind) / f"v{version:04d}"
        if not folder.is_dir():
            return {}, np.empty((0, 0), np.float32)
        keys = orjson.loads((folder / "keys.json").read_bytes())
        opened = {key: row for row, key in enumerate(keys)}, np.load(folder / "vectors.npy", mmap_mode="r")
        self._open[tenant, kind, version] = opened
        return opened

    def _folder(self, tenant: str, kind: Kind) -> Path:
        """A tenant's name may hold anything, a directory's may not: it is written in hexadecimal where it must be."""
        safe = tenant if tenant.isidentifier() else "x" + tenant.encode().hex()
        return self._directory / safe / kind

    def close(self) -> None:
        self._open.clear()
        if self._removal:
            self._removal()

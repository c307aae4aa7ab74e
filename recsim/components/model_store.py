"""The model store: every version that was trained, what from, how good, and which one serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.runs import write_json

VECTORS_KEPT = 2
"""Versions whose vectors stay on disk: the one that serves and the one to roll back to."""


@dataclass(frozen=True)
class Model:
    """A version. `lineage` says what it was trained from; `metrics` how it did; both are plain JSON values.

    `trained_us` and `promoted_us` are simulated time, µs since 1970 UTC; `promoted_us` is None for a version that never
    served.
    """

    version: int
    recommender: str
    trained_us: int
    promoted_us: int | None
    lineage: Mapping[str, Any]
    metrics: Mapping[str, float]


class ModelStore:
    """Versions in a directory: `v0001/model.json` of all, `users.npy` and `products.npy` (float32) for the last two."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.models: list[Model] = []

    @classmethod
    def open(cls, directory: Path) -> Self:
        """The store a finished run left, with its versions as they were described."""
        store = cls(directory)
        described = sorted(directory.glob("v*/model.json"))
        store.models = [Model(**orjson.loads(path.read_bytes())) for path in described]
        return store

    @property
    def serving(self) -> Model | None:
        """The version promoted last."""
        promoted = [model for model in self.models if model.promoted_us is not None]
        return max(promoted, key=lambda model: (model.promoted_us, model.version), default=None)

    def register(
        self,
        recommender: str,
        users: NDArray[np.float32],
        products: NDArray[np.float32],
        *,
        trained_us: int,
        lineage: Mapping[str, Any],
        metrics: Mapping[str, float],
    ) -> Model:
        """Store a new version. It doesn't serve until it is promoted."""
        model = Model(len(self.models) + 1, recommender, trained_us, None, lineage, metrics)
        self.models.append(model)
        folder = self._folder(model.version)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "users.npy", users, allow_pickle=False)
        np.save(folder / "products.npy", products, allow_pickle=False)
        self._describe(model)
        for old in range(1, model.version - VECTORS_KEPT + 1):
            for name in ("users.npy", "products.npy"):
                (self._folder(old) / name).unlink(missing_ok=True)
        return model

    def promote(self, version: int, *, now_us: int) -> Model:
        """Let a version serve from now on; an older one rolls back. Raises `BadInput` where its vectors are gone."""
        if not 1 <= version <= len(self.models):
            raise BadInput(f"there is no model version {version}; the store has 1 to {len(self.models)}.")
        if not (self._folder(version) / "products.npy").is_file():
            raise BadInput(f"the vectors of model version {version} are gone; promote one of the last {VECTORS_KEPT}.")
        model = replace(self.models[version - 1], promoted_us=now_us)
        self.models[version - 1] = model
        self._describe(model)
        return model

    def vectors(self, version: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """User and product vectors of a version that is still kept."""
        folder = self._folder(version)
        return np.load(folder / "users.npy"), np.load(folder / "products.npy")

    def _folder(self, version: int) -> Path:
        return self._directory / f"v{version:04d}"

    def _describe(self, model: Model) -> None:
        write_json(self._folder(model.version) / "model.json", asdict(model))

"""Ranked lists as the evaluation keeps them: in memory, in the run's log, and in the files of TREC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.topk import NOTHING

FOLDER = "recommendations"
TREC = "trec"


@dataclass(frozen=True)
class Lists:
    """`products[n, depth]` (-1 is an empty place) and `scores[n, depth]` of n `cases`, best first."""

    cases: NDArray[np.int64]
    products: NDArray[np.int32]
    scores: NDArray[np.float32]

    @classmethod
    def empty(cls, cases: NDArray[np.int64], depth: int) -> Lists:
        shape = (len(cases), depth)
        return cls(cases, np.full(shape, NOTHING, np.int32), np.full(shape, -np.inf, np.float32))

    @property
    def places(self) -> NDArray[np.int64]:
        """The products as metrics take them."""
        return self.products.astype(np.int64)

    @property
    def depth(self) -> int:
        return int(self.products.shape[1])


def file_of(place: int, name: str) -> str:
    """The file of a recommender's lists inside a run: its place and its name, as far as a file can have it."""
    slug = re.sub(r"[^A-Za-z0-9=.,_-]+", "-", name).strip("-.")[:80]
    return f"{FOLDER}/{place:02d}-{slug}.parquet"


class Log:
    """Writes the lists of one recommender, task by task: columns task, case, user_id, products, scores."""

    def __init__(self, path: Path, depth: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._depth = depth
        self._schema = pa.schema(
            [
                ("task", pa.int16()),
                ("case", pa.int64()),
                ("user_id", pa.int64()),
                ("products", pa.list_(pa.int32(), depth)),
                ("scores", pa.list_(pa.float32(), depth)),
            ]
        )
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", compression_level=1)

    def add(self, task: int, lists: Lists, users: NDArray[np.int64]) -> None:
        """Append the lists of one task."""
        for first in range(0, len(lists.cases), _ROWS):
            rows = slice(first, first + _ROWS)
            columns = [
                pa.array(np.full(len(lists.cases[rows]), task, np.int16)),
                pa.array(lists.cases[rows]),
                pa.array(users[rows]),
                pa.FixedSizeListArray.from_arrays(pa.array(lists.products[rows].ravel()), self._depth),
                pa.FixedSizeListArray.from_arrays(pa.array(lists.scores[rows].ravel()), self._depth),
            ]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


_ROWS = 200_000


def read_lists(path: Path, task: int) -> Lists:
    """The lists of one task from a run's log; raises `BadInput` where the file is gone or damaged."""
    try:
        table = pq.read_table(path, filters=[("task", "=", task)], columns=["case", "products", "scores"])
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path} can't be read ({error}); evaluate again.") from None
    depth = table.schema.field("products").type.list_size
    return Lists(
        table["case"].to_numpy(),
        _flat(table, "products", depth).astype(np.int32, copy=False),
        _flat(table, "scores", depth).astype(np.float32, copy=False),
    )


def _flat(table: pa.Table, name: str, depth: int) -> NDArray[np.float32]:
    values: NDArray[np.float32] = table[name].combine_chunks().flatten().to_numpy()
    return values.reshape(-1, depth)


def write_run(path: Path, name: str, lists: Lists, topics: Sequence[str]) -> None:
    """Append lists to a TREC run file: `topic Q0 product rank score name`, one line a place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tag = re.sub(r"\s+", "_", name)
    with path.open("a", encoding="utf-8") as file:
        for row, topic in enumerate(topics):
            filled = np.flatnonzero(lists.products[row] != NOTHING)
            file.writelines(
                f"{topic} Q0 {lists.products[row, place]} {rank} {lists.scores[row, place]:.9g} {tag}\n"
                for rank, place in enumerate(filled, start=1)
            )


def write_qrels(path: Path, truth: csr_matrix, cases: NDArray[np.int64], topics: Sequence[str]) -> None:
    """Append the truth to a TREC qrels file: `topic 0 product 1`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for case, topic in zip(cases, topics, strict=True):
            found = truth.indices[truth.indptr[case] : truth.indptr[case + 1]]
            file.writelines(f"{topic} 0 {product} 1\n" for product in found)


def topics_of(task: int, tasks: int, cases: NDArray[np.int64]) -> list[str]:
    """The name of a case in TREC files: its number (the user's, where a case is a user), with the task's before it."""
    return [str(case) if tasks == 1 else f"{task}-{case}" for case in cases.tolist()]

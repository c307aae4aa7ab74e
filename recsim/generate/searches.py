"""The searches of a chunk as tables: what was typed, and what was meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour.draft import Draft
from recsim.behaviour.text import brands, pick
from recsim.behaviour.vocabulary import ATTRIBUTES
from recsim.behaviour.world import World
from recsim.generate import arrival, sink
from recsim.generate.arrival import Log
from recsim.schema.tables import Query
from recsim.schema.truth import QueryIntent


def tables(world: World, rows: Draft, log: Log, bases: tuple[int, int, int]) -> dict[str, pa.RecordBatch]:
    """`queries` and `truth/queries` of a chunk."""
    base, _, day_us = bases
    found = arrival.in_order(rows.query, log.query)
    ids = base + np.arange(len(found))
    asked = world.queries.ask(found[:, 1], found[:, 4], found[:, 3], found[:, 5])
    columns = {
        "query_id": ids,
        "user_id": rows.session[found[:, 0], 0],
        "session": base + rows.session[found[:, 0], 2],
        "event_timestamp": day_us + found[:, 2] * 1000,
        "text": asked.text,
    }
    before = np.where(found[:, 5] > 0, base + log.query[np.maximum(_places(log.query) - 1, 0)], -1)
    intents = {
        "query_id": ids,
        "category_id": _known(asked.rules.category),
        "depth": asked.rules.depth,
        "brand": pick(brands(), asked.rules.brand),
        "attribute": pick(list(ATTRIBUTES), asked.rules.attribute),
        "model_number": _known(asked.rules.model),
        "typo": asked.typo,
        "correct_text": asked.correct_text,
        "synonym_of": asked.synonym_of,
        "refines": _known(before),
        "refinement": asked.refinement,
    }
    return {
        "queries": sink.table(Query, columns, len(found)),
        "truth/queries": sink.table(QueryIntent, intents, len(found)),
    }


def _places(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the row of each number was drafted."""
    places = np.empty(len(numbers), np.int64)
    places[numbers] = np.arange(len(numbers))
    return places


def _known(values: NDArray[np.int64]) -> pa.Array:
    """Numbers, null where they are negative."""
    return pa.array(values, mask=values < 0)

"""The searches of a chunk as tables: what was typed, and what was meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour.draft import Draft
from recsim.behaviour.phrases import Phrases
from recsim.behaviour.text import brands
from recsim.behaviour.vocabulary import ATTRIBUTES
from recsim.behaviour.world import World
from recsim.generate import arrival, sink
from recsim.generate.arrival import Log
from recsim.schema.tables import Query
from recsim.schema.truth import QueryIntent

_BRANDS, _ATTRIBUTES = Phrases(brands()), Phrases(list(ATTRIBUTES))


def tables(world: World, rows: Draft, log: Log, bases: tuple[int, int, int]) -> dict[str, pa.RecordBatch]:
    """`queries` and `truth/queries` of a chunk."""
    base, _, day_us = bases
    session, category, ms, salt, viewed, step = arrival.in_order(rows.query, log.queries)
    ids = base + np.arange(len(ms))
    asked = world.queries.ask(category, viewed, salt, step)
    whose = arrival.in_order(rows.session, session.astype(np.int32))
    columns = {
        "query_id": ids,
        "user_id": whose[0],
        "session": base + whose[2],
        "event_timestamp": day_us + ms * 1000,
        "text": asked.text,
    }
    before = np.where(step > 0, base + log.query[np.maximum(log.queries - 1, 0)], -1)
    intents = {
        "query_id": ids,
        "category_id": _known(asked.rules.category),
        "depth": asked.rules.depth,
        "brand": _BRANDS.column(asked.rules.brand),
        "attribute": _ATTRIBUTES.column(asked.rules.attribute),
        "model_number": _known(asked.rules.model),
        "typo": asked.typo,
        "correct_text": asked.correct_text,
        "synonym_of": asked.synonym_of,
        "refines": _known(before),
        "refinement": asked.refinement,
    }
    return {
        "queries": sink.table(Query, columns, len(ids)),
        "truth/queries": sink.table(QueryIntent, intents, len(ids)),
    }


def _known(values: NDArray[np.integer]) -> pa.Array:
    """Numbers, null where they are negative."""
    return pa.array(values, mask=values < 0)

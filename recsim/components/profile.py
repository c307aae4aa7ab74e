"""Who is asking, as the feature store knows them, in the numbers that ranking works with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsim.components.catalogue import Catalogue
from recsim.components.context import NOWHERE, Context
from recsim.components.retrieval import Publication
from recsim.schema.wire import UserFeatures


@dataclass(frozen=True)
class Profile:
    """`vector` is the unit vector products are held against and `source` the kind of candidates it finds: `model`
    for a trained user, `recent` for one known by recent views only; None for a stranger.

    `seen` are the recently viewed products, newest first; `categories` the preferred categories.
    """

    seen: NDArray[np.int64]
    categories: NDArray[np.int32]
    recency_score: float
    vector: NDArray[np.float32] | None
    source: str
    context: Context = NOWHERE


STRANGER = Profile(np.empty(0, np.int64), np.empty(0, np.int32), 0.0, None, "popular")


SESSION_CLICKS = 5
"""Product views in the session after which what was just seen weighs twice as much as the trained taste."""


def profile_of(
    record: UserFeatures | None,
    catalogue: Catalogue,
    publication: Publication | None,
    *,
    tenant: str,
    context: Context = NOWHERE,
    session_clicks: int = 0,
) -> Profile:
    """The profile of a feature record (None for a user the store does not know), of a tenant, in the context of a
    request.

    The vector is the weighted mean of two unit vectors: the user's published embedding, and the mean of the vectors of
    what they saw last; either alone where the other is missing. The second weighs as much as the first when a session
    begins, and twice as much after `SESSION_CLICKS` views in it.
    """
    if record is None:
        return replace(STRANGER, context=context)
    seen = catalogue.numbers(record.recently_viewed, tenant)
    trained = recent = None
    if publication is not None:
        if record.embeddings and len(record.embeddings) == publication.vectors.shape[1]:
            trained = unit(np.array(record.embeddings, np.float32))
        if len(seen):
            recent = unit(publication.vectors[seen].mean(axis=0))
    intent = np.float32(1.0 + min(session_clicks, SESSION_CLICKS) / SESSION_CLICKS)
    vector = trained if recent is None else recent if trained is None else unit(trained + intent * recent)
    return Profile(
        seen,
        catalogue.category_numbers(record.preferred_categories),
        record.recency_score,
        vector,
        "recent" if trained is None else "model",
        context,
    )


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The vector scaled to length 1; None for a zero vector, which points nowhere."""
    length = float(np.sqrt(np.square(vector, dtype=np.float64).sum()))
    return (vector / length).astype(np.float32) if length > 0 else None

"""Why a product was recommended, in a record and a sentence."""

from __future__ import annotations

from typing import Any

from recsim.components.catalogue import Catalogue
from recsim.components.slate import SOURCES, Slate, names_of

_WORDS = {
    "model": "close to your taste",
    "recent": "like what you viewed lately",
    "similar": "similar to {anchor}",
    "keyword": "matches your words",
    "category": "popular in {category}",
    "popular": "popular now",
    "bought": "often bought with {anchor}",
    "viewed": "often viewed with {anchor}",
    "trending": "trending now",
    "content": "new, and described like what you look at",
    "precomputed": "picked for you last night",
}
assert set(_WORDS) == set(SOURCES)


def because(slate: Slate, catalogue: Catalogue) -> list[dict[str, Any]]:
    """One record a product of a slate: its key, the first `source`, all `sources`, the `anchor` product that led to
    it (None where none did), and a sentence."""
    rows = []
    for place, product in enumerate(slate.products.tolist()):
        source = SOURCES[slate.sources[place]]
        anchor = -1 if slate.anchors is None else int(slate.anchors[place])
        key = None if anchor < 0 else catalogue.keys[anchor]
        category = int(catalogue.category[product])
        text = _WORDS[source].format(
            anchor=key or "what you searched", category=catalogue.categories[category] if category >= 0 else "its kind"
        )
        sources = [source] if slate.found_by is None else names_of(int(slate.found_by[place]))
        rows.append(
            {"product_key": catalogue.keys[product], "source": source, "sources": sources, "anchor": key, "text": text}
        )
    return rows

"""From a real log to a world like any other: one importer a kind of data set, one file each."""

from __future__ import annotations

from recsim.registry import Registry

IMPORTERS = Registry(
    "kind of import",
    {
        "events": "recsim.importers.events:IMPORTER",
        "interactions": "recsim.importers.interactions:IMPORTER",
        "movielens": "recsim.importers.movielens:IMPORTER",
        "retailrocket": "recsim.importers.retailrocket:IMPORTER",
        "reviews": "recsim.importers.reviews:IMPORTER",
        "search-judgements": "recsim.importers.search_judgements:IMPORTER",
        "sessions": "recsim.importers.sessions:IMPORTER",
    },
)
"""What `recsim import KIND` knows; each target is an `Importer` (see `recsim.importers.log`)."""

"""What other tools would print for the same lists (`--as ranx`): one tool a file, from its own source."""

from __future__ import annotations

from recsim.registry import Registry

CONVENTIONS = Registry(
    "convention",
    {
        "cornac": "recsim.metrics.conventions.cornac:CORNAC",
        "daisyrec": "recsim.metrics.conventions.daisyrec:DAISYREC",
        "elliot": "recsim.metrics.conventions.elliot:ELLIOT",
        "implicit": "recsim.metrics.conventions.implicit:IMPLICIT",
        "ir_measures": "recsim.metrics.conventions.ir_measures:IR_MEASURES",
        "irspack": "recsim.metrics.conventions.irspack:IRSPACK",
        "lenskit": "recsim.metrics.conventions.lenskit:LENSKIT_2026",
        "lenskit-2025": "recsim.metrics.conventions.lenskit:LENSKIT_2025",
        "ranx": "recsim.metrics.conventions.ranx:RANX",
        "recbole": "recsim.metrics.conventions.recbole:RECBOLE",
        "recommenders": "recsim.metrics.conventions.recommenders:RECOMMENDERS",
        "recpack": "recsim.metrics.conventions.recpack:RECPACK",
        "rectools": "recsim.metrics.conventions.rectools:RECTOOLS",
        "replay": "recsim.metrics.conventions.replay:REPLAY",
        "trec_eval": "recsim.metrics.conventions.trec_eval:TREC_EVAL",
    },
)

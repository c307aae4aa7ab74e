"""Which verb's runs are told by which module."""

from __future__ import annotations

from recsim.errors import BadInput
from recsim.registry import Registry, did_you_mean
from recsim.report.answer import Summary
from recsim.report.blocks import Block
from recsim.report.runfiles import Run

SUMMARIES = Registry(
    "run",
    {
        "replay": "recsim.report.of_replay:summary",
        "evaluate": "recsim.report.of_evaluate:summary",
        "compare": "recsim.report.of_compare:summary",
        "capacity-plan": "recsim.report.of_capacity:summary",
        "certificate": "recsim.report.of_fidelity:summary",
        "world": "recsim.report.of_world:summary",
    },
)
BLOCKS = Registry("run", {verb: f"{target.split(':')[0]}:blocks" for verb, target in SUMMARIES.targets.items()})


def summary(run: Run) -> Summary:
    """The answer of a run, by its verb."""
    told: Summary = _known(SUMMARIES, run).load(run.verb)(run)
    return told


def blocks(run: Run) -> tuple[Block, ...]:
    """The charts and tables of a run, by its verb."""
    return tuple(_known(BLOCKS, run).load(run.verb)(run))


def _known(registry: Registry, run: Run) -> Registry:
    if run.verb not in registry:
        raise BadInput(
            f'{run.path} is a run of "{run.verb}", which has no report.{did_you_mean(run.verb, registry.names())}'
        )
    return registry

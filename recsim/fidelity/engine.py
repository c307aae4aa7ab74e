"""The run directory of a certificate: `results.json` with every rung, check and ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recsim import __version__
from recsim.dataset import Dataset
from recsim.fidelity.ladder import Certificate, Sizes, against_profile, against_world
from recsim.fidelity.protocol import Protocol
from recsim.progress import Progress, silent
from recsim.runs import Manifest, Stopwatch, seal, staged, write_json
from recsim.scenario.model import digest
from recsim.scenario.profile import Profile

VERB = "certificate"
MODEL = "recsim-certificate/2"
"""Version of the method: raised whenever the same worlds would give other figures."""


def identity(world: Dataset, *, against: Sequence[Dataset], profile: Profile | None, sized: bool, seed: int) -> str:
    """What a certificate depends on, as one hash."""
    return digest(
        {
            "verb": VERB,
            "version": __version__,
            "model": MODEL,
            "world": world.manifest.identity,
            "against": [one.manifest.identity for one in against],
            "profile": None if profile is None else profile.model_dump(mode="json"),
            "sized": sized,
            "seed": seed,
        }
    )


def certify(
    world: Dataset,
    out: Path,
    *,
    against: Sequence[Dataset] = (),
    profile: Profile | None = None,
    profile_name: str = "",
    sizes: Sizes | None = None,
    seed: int = 1,
    protocol: Protocol | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Write the certificate of a world against the first of the real worlds `against`, or against a profile.

    The other real worlds serve as the ceiling of ranking agreement. Raises `BadInput` before anything is written.
    """
    assert bool(against) != (profile is not None), "one of real worlds and a profile"
    watch = Stopwatch()
    mark = identity(world, against=against, profile=profile, sized=sizes is not None, seed=seed)
    with staged(out, identity=mark, resume=False, force=force) as directory:
        if profile is not None:
            found = against_profile(world, profile, sizes=sizes, protocol=protocol, seed=seed, progress=progress)
        else:
            found = against_world(
                world, against[0], others=against[1:], sizes=sizes, protocol=protocol, seed=seed, progress=progress
            )
        write_json(directory / "results.json", _results(world, against, profile_name, found))
        return seal(
            directory,
            kind="run",
            verb=VERB,
            name=world.name,
            identity=mark,
            scenario=None,
            arguments={
                "world": str(world.path),
                "against": [str(one.path) for one in against],
                "profile": profile_name or None,
                "sized": sizes is not None,
                "seed": seed,
            },
            facts={rung.name: rung.passed for rung in found.rungs},
            inputs={"world": world.manifest.identity, **{one.name: one.manifest.identity for one in against}},
            watch=watch,
        )


def _results(world: Dataset, against: Sequence[Dataset], profile: str, found: Certificate) -> dict[str, Any]:
    return {
        "verb": VERB,
        "world": world.name,
        "against": [one.name for one in against] or [f"profile {profile}"],
        "provenance": "measured",
        **found.tree(),
    }

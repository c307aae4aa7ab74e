"""What the shell offers on Tab."""

from __future__ import annotations

from recsim.runs import complete_directories, data_dir, reports_dir


def scenarios() -> list[str]:
    """Scenario names."""
    from recsim.scenario import scenario_files

    return sorted(scenario_files())


def worlds() -> list[str]:
    """World names under the data directory."""
    return [path.name for path in complete_directories(data_dir())]


def worlds_and_scenarios() -> list[str]:
    """Names of worlds and of scenarios."""
    return sorted({*worlds(), *scenarios()})


def runs() -> list[str]:
    """Run directories."""
    return [str(path) for path in complete_directories(reports_dir())]


def recommenders() -> list[str]:
    """Recommender names."""
    from recsim.recommenders import RECOMMENDERS

    return RECOMMENDERS.names()

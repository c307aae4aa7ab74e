"""What the shell offers on Tab."""

from __future__ import annotations

from pathlib import Path

from recsim.runs import MANIFEST, data_dir, reports_dir


def scenarios() -> list[str]:
    """Scenario names."""
    from recsim.scenario import scenario_files

    return sorted(scenario_files())


def worlds() -> list[str]:
    """World names under the data directory."""
    return [path.name for path in complete_directories(data_dir())]


def runs() -> list[str]:
    """Run directories."""
    return [str(path) for path in complete_directories(reports_dir())]


def recommenders() -> list[str]:
    """Recommender names."""
    from recsim.recommenders import RECOMMENDERS

    return RECOMMENDERS.names()


def complete_directories(root: Path) -> list[Path]:
    """The finished worlds or runs in a folder, by name."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if not path.name.startswith(".") and (path / MANIFEST).is_file())

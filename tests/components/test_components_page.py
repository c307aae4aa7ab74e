"""docs/components.md is held to the code: what it names exists, and nothing of the code is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recsim.components import COMPONENTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")


def hops() -> set[str]:
    """Every name under which code opens a hop."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "recsim").rglob("*.py"))
    return set(re.findall(r'\.hop\(\s*"([a-z_]+)"', code))


def test_every_file_the_page_names_exists() -> None:
    named = set(re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", PAGE))
    assert len(named) > 80
    missing = [
        name for name in named if not (ROOT / "recsim" / name).is_file() and not (ROOT / "tests" / name).is_file()
    ]
    assert missing == []


def test_every_component_is_on_the_page_and_every_hop_is_a_component() -> None:
    assert [name for name in COMPONENTS if f"`{name}`" not in PAGE] == []
    assert hops() - set(COMPONENTS) == set()
    assert len(hops()) > 20


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_port_and_implementation_of_a_component_can_be_loaded(name: str) -> None:
    component = COMPONENTS[name]
    assert component.load(component.port) is not None
    assert component.load(component.factory) is not None
    assert component.stands_for


def test_every_test_of_components_contracts_and_flows_is_on_the_page() -> None:
    folders = [ROOT / "tests" / folder for folder in ("contracts", "flows")]
    tests = {f"{folder.name}/{path.name}" for folder in folders for path in folder.glob("test_*.py")}
    assert sorted(name for name in tests if name not in PAGE) == []

"""The documentation is true: its blocks are run, its pages are the code's own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from recsim.cli.main import application

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))


def sessions(text: str) -> list[tuple[str, str]]:
    """The (command, expected output) pairs of the ```console blocks of a page."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command.strip(), output.strip()))
    return found


def shape(text: str) -> str:
    """The text with every figure as `#`: figures move with the machine and the libraries, words must not."""
    figures = re.sub(r"\$?\d[\d,.]*[KMBT]?|\.\d+", "#", re.sub(r"[ \t]+", " ", text.strip()))
    return re.sub(r"# (B|KB|MB|GB|ms|s)\b", "# unit", figures)


def pattern(expected: str) -> str:
    """The expected output as a regular expression; a line of `…` stands for any lines."""
    lines = [".*" if line == "…" else re.escape(line) for line in shape(expected).split("\n")]
    return r"\s*\n".join(lines)


def test_the_readme_commands_print_what_it_says(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RECSIM_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    commands = [(command, output) for command, output in sessions(README) if command.startswith("recsim ")]
    assert len(commands) >= 4
    for command, expected in commands:
        ended = subprocess.run(
            shlex.split(command), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{command}: {ended.stderr}"
        printed = shape(ended.stdout)
        assert re.fullmatch(pattern(expected), printed, flags=re.DOTALL), f"{command}:\n{ended.stdout}"


def test_every_command_is_in_the_readme() -> None:
    for command in application().registered_commands:
        assert f"recsim {command.name}" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_is_linked_and_every_link_leads_somewhere(page: Path) -> None:
    everything = README + "".join(other.read_text(encoding="utf-8") for other in PAGES if other != page)
    assert page.name in everything
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_schema_page_is_the_codes_own() -> None:
    from recsim.schema.document import page

    assert (ROOT / "docs" / "schema.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_scenario_page_is_the_codes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from recsim.scenario.document import page

    monkeypatch.chdir(ROOT)
    assert (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8") == page(), "run `make docs`"

"""Directories are complete or invisible."""

from pathlib import Path

import orjson
import pytest

from recsim.errors import BadInput
from recsim.runs import Stopwatch, read_manifest, seal, staged, write_json


def build(target: Path, *, identity: str = "i", force: bool = False, text: str = "x") -> None:
    with staged(target, identity=identity, resume=False, force=force) as folder:
        write_json(folder / "results.json", {"text": text})
        write_json(folder / "measured" / "measured.json", {"seconds": 1})
        seal(
            folder, kind="run", verb="evaluate", name="n", identity=identity, scenario=None, arguments={}, facts={},
            inputs={}, watch=Stopwatch(),
        )  # fmt: skip


def test_a_directory_appears_when_it_is_complete_and_not_before(tmp_path: Path) -> None:
    target = tmp_path / "run"
    with staged(target, identity="i", resume=False, force=False) as folder:
        assert not target.exists()
        assert folder.name.startswith(".")
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_the_manifest_lists_results_but_not_measurements(tmp_path: Path) -> None:
    build(tmp_path / "run")
    assert list(read_manifest(tmp_path / "run").outputs) == ["results.json"]


def test_bad_input_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput), staged(tmp_path / "run", identity="i", resume=True, force=False) as folder:
        write_json(folder / "half.json", {})
        raise BadInput("no")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_keeps_finished_parts_for_the_same_identity_only(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "w", identity="i", resume=True, force=False) as folder:
        write_json(folder / "part.json", {})
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "w", identity="i", resume=True, force=False) as folder:
        assert (folder / "part.json").exists()
        raise KeyboardInterrupt
    with staged(tmp_path / "w", identity="other", resume=True, force=False) as folder:
        assert not (folder / "part.json").exists()


def test_a_directory_that_is_not_recsims_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(BadInput, match="not a recsim directory"):
        build(tmp_path / "photos", force=True)


def test_an_existing_directory_is_only_replaced_when_forced(tmp_path: Path) -> None:
    build(tmp_path / "run", text="old")
    with pytest.raises(BadInput, match="--force"):
        build(tmp_path / "run", text="new")
    build(tmp_path / "run", text="new", force=True)
    assert orjson.loads((tmp_path / "run" / "results.json").read_bytes()) == {"text": "new"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_failed_replacement_keeps_the_old_directory(tmp_path: Path) -> None:
    build(tmp_path / "run", text="old")
    with pytest.raises(RuntimeError), staged(tmp_path / "run", identity="j", resume=False, force=True):
        raise RuntimeError
    assert orjson.loads((tmp_path / "run" / "results.json").read_bytes()) == {"text": "old"}


def test_two_at_once_are_told_apart(tmp_path: Path) -> None:
    held = staged(tmp_path / "run", identity="i", resume=False, force=False)
    with held, pytest.raises(BadInput, match="another recsim"):
        build(tmp_path / "run")


def test_another_schema_version_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    build(tmp_path / "run")
    tree = orjson.loads((tmp_path / "run" / "manifest.json").read_bytes())
    write_json(tmp_path / "run" / "manifest.json", {**tree, "schema_version": 0})
    with pytest.raises(BadInput, match=r"schema version 0.*recsim evaluate"):
        read_manifest(tmp_path / "run")

"""The Spark engine: the same bytes as the local one, and one sentence where there is no Spark."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from recsim.generate.engine import generate, jobs
from recsim.generate.spark import work
from recsim.runs import read_manifest
from recsim.scenario import load_scenario

TINY = ["users.count=300", "products.count=60", "products.categories=6", "calendar.days=2"]


@pytest.mark.slow
def test_spark_makes_the_bytes_that_the_local_engine_makes(tmp_path: Path) -> None:
    """In a process of its own: a Spark session holds a JVM until its Python ends."""
    pytest.importorskip("pyspark", reason="PySpark is not installed; pip install 'recsim-workbench[spark]'")
    if shutil.which("java") is None:
        pytest.skip("there is no java here")
    local = generate(load_scenario("smoke", sets=TINY), tmp_path / "local", workers=1)
    sets = [word for item in TINY for word in ("--set", item)]
    command = ["generate", "smoke", *sets, "--engine", "spark", "--master", "local[1]", "--out", str(tmp_path / "far")]
    ended = subprocess.run(
        [sys.executable, "-m", "recsim.cli.main", *command], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    far = read_manifest(tmp_path / "far")
    assert far.outputs == local.outputs
    assert far.facts == local.facts
    assert far.identity == local.identity


def test_an_executor_does_its_jobs_in_any_batches(tmp_path: Path) -> None:
    from recsim.behaviour.world import build

    scenario = load_scenario("smoke", sets=TINY)
    (tmp_path / ".done").mkdir()
    world = build(scenario)
    plain = [tuple(job) for job in jobs(world)]
    head = orjson.dumps({"scenario": scenario.resolved(), "funnel": world.funnel.tree(), "out": str(tmp_path)})
    numbers = [
        pa.RecordBatch.from_pydict({"id": pa.array(part)}) for part in ([4, 0], [1], [3, 2, *range(5, len(plain))])
    ]
    answers = [row for batch in work(head, plain, iter(numbers)) for row in batch.to_pylist()]
    assert len(answers) == len(plain)
    assert all(row["errno"] == 0 for row in answers)
    made = {file.relative_to(tmp_path) for file in tmp_path.rglob("*.parquet")}
    local = generate(scenario, tmp_path / "local", workers=1)
    assert made == {Path(name) for name in local.outputs}


def test_a_master_that_does_not_answer_is_told_in_one_sentence(recsim: Callable) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        master = f"spark://127.0.0.1:{free.getsockname()[1]}"
    ended = recsim("generate", "smoke", "--engine", "spark", "--master", master)
    assert ended.code == 4
    assert f"no Spark answers at --master {master}" in ended.err


def test_without_java_or_with_flags_that_do_not_fit_nothing_is_made(
    recsim: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for arguments, said in (
        (("--engine", "sparc"), 'unknown engine "sparc". Did you mean "spark"?'),
        (("--master", "local[2]"), "needs --engine spark"),
        (("--engine", "spark", "--workers", "2"), "--workers is for --engine local"),
    ):
        ended = recsim("generate", "smoke", *arguments)
        assert (ended.code, said in ended.err) == (2, True), ended.err
    pytest.importorskip("pyspark", reason="PySpark is not installed; pip install 'recsim-workbench[spark]'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    ended = recsim("generate", "smoke", "--engine", "spark")
    assert (ended.code, "needs Java 17 or later" in ended.err) == (2, True), ended.err

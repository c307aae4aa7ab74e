"""Other ways to make a log of events, each in a process of its own: CPU time, rows, bytes of Parquet, peak memory.

    python tests/bench/generate_peers.py PEER COUNT FOLDER     one of them, as JSON; `bench_generate.py` runs them all

- `recsim`: COUNT chunks of the scenario `BENCH_SCENARIO` with every table.
- `numpy`, `duckdb`, `faker`: the columns of the event table, uniform and independent (no model), ordered by time.
- `tpch`, `tpcds`: DuckDB's extensions, all tables at scale COUNT/100, written to Parquet. They come from the packages
  `duckdb-extension-tpch` and `-tpcds`, which must be of DuckDB's own version; another pair may stand in a folder of its
  own: `pip install --target FOLDER duckdb==1.5.5 duckdb-extension-tpch==1.5.5 duckdb-extension-tpcds==1.5.5`, then
  `PYTHONPATH=FOLDER`.
- `nexmark`: the generator of https://github.com/nexmark/nexmark (a checkout in `NEXMARK`), compiled by `javac` with
  stand-ins for the annotations and the logger it names. Events become objects in memory; nothing is written.

DuckDB and pyarrow get one thread.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Result = dict[str, Any]
HERE = Path(__file__).resolve().parent
USERS, PRODUCTS = 38_000_000, 100_000


class Absent(Exception):
    """A peer that is not here, and why."""


def own_peak_bytes() -> int:
    """The most memory this process had. Linux's `ru_maxrss` would count the process that started it as well."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(work: Callable[[], int], folder: Path) -> Result:
    """CPU seconds of `work`, which returns its rows."""
    start = time.process_time()
    rows = work()
    cpu_s = time.process_time() - start
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    peak = own_peak_bytes()
    return {"rows": rows, "cpu_s": cpu_s, "bytes": size, "peak_bytes": peak}


def recsim(count: int, folder: Path) -> Result:
    import pyarrow as pa

    from recsim.behaviour.world import build
    from recsim.generate import chunk
    from recsim.scenario import load_scenario

    pa.set_cpu_count(1)
    world = build(load_scenario(os.environ["BENCH_SCENARIO"]))
    bench = chunk.Workbench(world)
    chunk.write_chunk(world, bench, folder / ".warm", 0, 0)
    for file in (folder / ".warm").rglob("*.parquet"):
        file.unlink()
    return measured(
        lambda: sum(chunk.write_chunk(world, bench, folder, 0, part)["delivered"] for part in range(count)), folder
    )


def uniform_events(count: int, users: int, products: int, path: Path) -> None:
    """The usual generator without a model: NumPy draws the columns of the event table, pyarrow writes them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from recsim.schema import EVENT_TYPES

    random = np.random.default_rng(1)
    order = np.argsort(when := random.integers(0, 86_400_000, count) * 1000)
    code = random.integers(0, 9, count).astype(np.int8)
    device = random.integers(0, 2, count).astype(np.int8)
    columns = {
        "event_id": np.arange(count),
        "event_type": pa.DictionaryArray.from_arrays(pa.array(code), pa.array(EVENT_TYPES)),
        "event_timestamp": pa.array(when[order]).cast(pa.timestamp("us", tz="UTC")),
        "user_id": random.integers(0, users, count),
        "product_id": pa.array(random.integers(0, products, count), mask=code > 4),
        "session": random.integers(0, count // 7, count),
        "device": pa.DictionaryArray.from_arrays(pa.array(device), ["mobile", "web"]),
        "tenant": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), ["default"]),
        "reference_id": pa.array(random.integers(0, count, count), mask=random.random(count) > 0.1),
        "arrival_delay_ms": random.lognormal(5.5, 0.8, count).astype(np.int32),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def numpy(count: int, folder: Path) -> Result:
    import pyarrow as pa

    def work() -> int:
        uniform_events(count, USERS, PRODUCTS, folder / "events.parquet")
        return count

    pa.set_cpu_count(1)
    return measured(work, folder)


def duckdb(count: int, folder: Path) -> Result:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    query = f"""
        copy (
            select range as event_id,
                   ['session_start', 'view_product', 'add_to_cart', 'purchase', 'search_query', 'session_end']
                       [1 + (random() * 6)::int % 6]::varchar as event_type,
                   make_timestamptz((random() * 86_400_000)::bigint * 1000 + 1735776000000000) as event_timestamp,
                   (random() * {USERS})::bigint as user_id,
                   case when random() < 0.6 then (random() * {PRODUCTS})::bigint end as product_id,
                   (random() * {count // 7})::bigint as session,
                   case when random() < 0.5 then 'mobile' else 'web' end as device,
                   'default' as tenant,
                   case when random() < 0.1 then (random() * {count})::bigint end as reference_id,
                   exp(5.5 + 0.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::int as arrival_delay_ms
            from range({count}) order by event_timestamp
        ) to '{folder / "events.parquet"}' (format parquet, compression zstd)"""

    def work() -> int:
        connection.execute(query)
        return count

    return measured(work, folder)


def faker(count: int, folder: Path) -> Result:
    if importlib.util.find_spec("faker") is None:
        raise Absent("Faker is not installed; pip install faker")
    import pyarrow as pa
    import pyarrow.parquet as pq
    from faker import Faker

    from recsim.schema import EVENT_TYPES

    def work() -> int:
        fake = Faker()
        fake.seed_instance(1)
        rows = [
            {
                "event_id": number,
                "event_type": fake.random_element(EVENT_TYPES),
                "event_timestamp": fake.date_time_between("-1d"),
                "user_id": fake.random_int(0, USERS),
                "product_id": fake.random_int(0, PRODUCTS),
                "session": fake.random_int(0, count),
                "device": fake.random_element(("mobile", "web")),
                "tenant": "default",
                "reference_id": fake.random_int(0, count) if fake.boolean(10) else None,
                "arrival_delay_ms": fake.random_int(0, 2_000),
            }
            for number in range(count)
        ]
        rows.sort(key=lambda row: row["event_timestamp"])
        pq.write_table(pa.Table.from_pylist(rows), folder / "events.parquet", compression="zstd")
        return count

    return measured(work, folder)


def tpc(which: str, count: int, folder: Path) -> Result:
    import duckdb

    found = importlib.util.find_spec(f"duckdb_extension_{which}")
    if found is None or found.origin is None:
        raise Absent(f"duckdb-extension-{which} is not installed")
    files = {file.parent.name: file for file in Path(found.origin).parent.rglob("*.duckdb_extension")}
    version = f"v{duckdb.__version__}"
    if version not in files:
        raise Absent(f"duckdb-extension-{which} is for DuckDB {', '.join(files)}, here is {version}; see the docstring")
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"load '{files[version]}'")

    def work() -> int:
        connection.execute(f"call {'dbgen' if which == 'tpch' else 'dsdgen'}(sf = {count / 100})")
        rows = 0
        for (table,) in connection.execute("select table_name from information_schema.tables").fetchall():
            connection.execute(f"copy {table} to '{folder / table}.parquet' (format parquet, compression zstd)")
            rows += connection.execute(f"select count(*) from {table}").fetchall()[0][0]
        return rows

    return measured(work, folder)


_JACKSON = "org/apache/flink/shaded/jackson2/com/fasterxml/jackson"
STAND_INS = {
    f"{_JACKSON}/annotation/JsonProperty": "public @interface JsonProperty {}",
    f"{_JACKSON}/core/JsonProcessingException": "public class JsonProcessingException extends java.io.IOException {}",
    f"{_JACKSON}/databind/ObjectMapper": (
        f"import {_JACKSON.replace('/', '.')}.core.JsonProcessingException;\npublic class ObjectMapper {{"
        ' public String writeValueAsString(Object o) throws JsonProcessingException { return ""; } }'
    ),
    "org/slf4j/Logger": "public interface Logger {}",
    "org/slf4j/LoggerFactory": (
        "public class LoggerFactory { public static Logger getLogger(Class<?> c) { return null; } }"
    ),
    "org/apache/flink/util/Preconditions": (
        "public class Preconditions { public static <T> T checkNotNull(T t) { return t; } }"
    ),
    "javax/annotation/Nullable": (
        "import java.lang.annotation.*;\n@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER,"
        " ElementType.TYPE_USE}) public @interface Nullable {}"
    ),
}
"""What Nexmark's sources name and the generator does not need: Java files by path, without their package line."""


def nexmark(count: int, folder: Path) -> Result:
    sources = Path(os.environ.get("NEXMARK", "")) / "nexmark-flink/src/main/java"
    if not os.environ.get("NEXMARK") or not sources.is_dir():
        raise Absent(
            "Nexmark's sources are not here; git clone https://github.com/nexmark/nexmark and --nexmark nexmark"
        )
    for name, text in STAND_INS.items():
        path = folder / "stand-ins" / f"{name}.java"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"package {str(Path(name).parent).replace('/', '.')};\n{text}\n", encoding="utf-8")
    classes = folder / "classes"
    path = os.pathsep.join([str(sources), str(folder / "stand-ins")])
    driver = HERE / "NexmarkDriver.java"
    subprocess.run(["javac", "-nowarn", "-d", classes, "-sourcepath", path, driver], check=True, capture_output=True)
    command = ["java", "-XX:+UseSerialGC", "-cp", str(classes), "NexmarkDriver", str(count)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"rows": count, "cpu_s": float(said.split()[0]), "bytes": 0, "peak_bytes": peak}


PEERS: dict[str, Callable[[int, Path], Result]] = {
    "recsim": recsim,
    "numpy": numpy,
    "duckdb": duckdb,
    "faker": faker,
    "tpch": lambda count, folder: tpc("tpch", count, folder),
    "tpcds": lambda count, folder: tpc("tpcds", count, folder),
    "nexmark": nexmark,
}


def main() -> None:
    name, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    try:
        print(json.dumps(PEERS[name](count, folder)))
    except Absent as absent:
        print(json.dumps({"absent": str(absent)}))


if __name__ == "__main__":
    sys.path.remove(str(HERE))  # the bench beside is no package that a peer wants to import
    main()

"""What the live view of `generate` says: counts, rates, bytes, time left."""

import io

import pytest
from rich.console import Console

from recsim.cli.live import Live
from recsim.cli.terminal import Terminal
from recsim.generate.pace import Job, Made, Pace

CHUNKS = [Job("events", number, 0) for number in range(4)]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def pace(clock: Clock, told: list[tuple[object, ...]], **changes: object) -> Pace:
    jobs = [Job("users", 0, 0), *CHUNKS]
    return Pace(
        jobs, cost_s={"users": 1.0, "events": 4.0}, progress=lambda *said: told.append(said), clock=clock, **changes
    )


def test_rate_bytes_and_time_left_count_from_when_the_workers_are_ready() -> None:
    clock, told = Clock(), []
    at = pace(clock, told)
    clock.now_s = 60.0
    at.start()
    clock.now_s = 70.0
    at.finished(CHUNKS[0], Made(20_000_000, 300_000_000))
    assert told[-1] == ("generate", 1, 5, "chunks", "20M events, 2M/s, 300 MB written, 32 s left")


def test_when_resuming_only_what_remains_counts() -> None:
    clock, told = Clock(), []
    at = pace(clock, told, before=95)
    at.start()
    assert told[-1][1:3] == (95, 100)
    clock.now_s = 10.0
    at.finished(CHUNKS[0], Made(5_000_000, 60_000_000))
    assert told[-1] == ("generate", 96, 100, "chunks", "5M events, 500K/s, 60 MB written, 32 s left")


def test_users_without_events_have_no_rate_and_the_last_chunk_no_time_left() -> None:
    clock, told = Clock(), []
    at = pace(clock, told)
    at.start()
    clock.now_s = 1.0
    at.finished(Job("users", 0, 0), Made(0, 5_000_000))
    assert told[-1][-1] == "5 MB written, 16 s left"
    for job in CHUNKS:
        at.finished(job, Made(1_000, 1_000))
    assert told[-1][-1].endswith("written")


def test_off_a_terminal_a_remark_is_a_line_and_a_count_is_one_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("recsim.cli.terminal.time.monotonic", clock)
    terminal = Terminal(json=True, quiet=False)
    terminal("compiling", 0, 0, "")
    terminal("generate", 1, 5, "chunks", "2M/s")
    clock.now_s = 11.0
    terminal("generate", 2, 5, "chunks", "2M/s")
    assert capsys.readouterr() == ("", "compiling\ngenerate: 2 of 5 chunks, 2M/s\n")


def test_on_a_terminal_the_detail_stands_below_the_bar() -> None:
    screen = io.StringIO()
    live = Live(Console(file=screen, force_terminal=True, width=80))
    live.draw("compiling the kernels", 0, 0, "", "")
    live.draw("generate", 12, 64, "chunks", "31M events, 2.1M/s, 371 MB written, 50 s left")
    live.stop()
    assert "12/64" in screen.getvalue()
    assert "31M events, 2.1M/s, 371 MB written, 50 s left" in screen.getvalue()

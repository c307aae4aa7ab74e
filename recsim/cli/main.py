"""`recsim`: the commands, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from recsim import __version__
from recsim.errors import BadInput, RecsimError

INTERRUPTED = 130
_INTERRUPTED = "recsim: interrupted; run the same command again, it goes on or starts clean."


def _version(*, asked: bool) -> None:
    if asked:
        print(f"recsim {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=lambda v: _version(asked=v))
    ] = False,
) -> None:
    """Simulate and evaluate an e-commerce search and recommendation system on one machine.

    generate a world, replay its traffic through every component, evaluate recommenders, plan the capacity.
    """


def application() -> typer.Typer:
    """The commands under their names."""
    from recsim.cli import (
        calibrate,
        capacity,
        doctor,
        evaluate,
        generate,
        importing,
        listing,
        records,
        replay,
        report,
        rerun,
        sql,
        truth,
    )

    app = typer.Typer(
        name="recsim",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(root)
    commands: dict[str, Callable[..., None]] = {
        "generate": generate.generate,
        "import": importing.import_log,
        "calibrate": calibrate.calibrate,
        "replay": replay.replay,
        "evaluate": evaluate.evaluate,
        "capacity-plan": capacity.capacity_plan,
        "report": report.report,
        "rerun": rerun.rerun,
        "records": records.records,
        "truth": truth.truth,
        "sql": sql.sql,
        "list": listing.list_things,
        "doctor": doctor.doctor,
    }
    for name, command in commands.items():
        app.command(name)(command)
    return app


def main() -> None:
    """The console script: `run`, and then the end of the process, whatever native threads still do.

    A reader that was given up in the middle of a file may have a thread left that calls back into Python; ending the
    interpreter under it would abort the process after the error was told.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop is a Ctrl-C
    try:
        run()
    except SystemExit as ended:
        if not isinstance(ended.code, int) or ended.code == 0:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code)


def run() -> None:
    """One command; raises `SystemExit` with its exit code."""
    # implicit warns, and slows down, when OpenBLAS brings its own threads; it must be told before NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        try:
            application()()
        finally:
            sys.stdout.flush()  # a full disk or a closed pipe shows here, not when Python ends
    except RecsimError as error:
        print(f"recsim: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # Typer turns most Ctrl-C into this exit without a word.
        if ended.code == INTERRUPTED:
            print(_INTERRUPTED, file=sys.stderr)
        raise
    except KeyboardInterrupt:
        print(_INTERRUPTED, file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print("recsim: the disk written to is full; free room and run the same command again.", file=sys.stderr)
        # What is still in the buffer would fail a second time when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BadInput.exit_code)


if __name__ == "__main__":
    main()

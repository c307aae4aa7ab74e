"""The flags of `recsim evaluate`: what they do together, and what is refused before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

QUICK = ("--recommender", "popular", "--metric", "hit@5", "--no-oracle")


@pytest.fixture
def shop(recsim: Command, tmp_path: Path) -> Path:
    """Forty users of two clubs; the last product of each is the test part."""
    folder = tmp_path / "log"
    folder.mkdir()
    rows = [(user, (user + 2 * step) % 20) for user in range(40) for step in range(5)]
    for name, chosen in (("train", [row for at, row in enumerate(rows) if at % 5]), ("test", rows[::5])):
        (folder / f"{name}.csv").write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in chosen))
    assert recsim("import", "interactions", folder, "--name", "shop").code == 0
    return tmp_path / "data" / "shop"


def test_a_run_is_made_judged_again_and_compared(recsim: Command, shop: Path, tmp_path: Path) -> None:
    first, second, again = (tmp_path / name for name in ("first", "second", "again"))
    assert recsim("evaluate", shop, *QUICK, "--as", "ranx", "--trec", "--seeds", "2", "--out", first).code == 0
    assert recsim("evaluate", shop, *QUICK, "--recommender", "item-knn", "--out", second, "--fail-on-leak").code == 0
    told = recsim("evaluate", "--rescore", first, "--metric", "precision@3", "--out", again, "--json")
    assert {row["metric"] for row in json.loads(told.out)["scores"]} == {"precision@3"}
    told = recsim("evaluate", "--compare", first, second, "--json")
    pairs = {(row["first"], row["second"]) for row in json.loads(told.out)["differences"]}
    assert ("B: popular", "A: popular") in pairs
    assert (first / "trec" / "qrels.txt").is_file()


def test_seen_products_are_kept_or_left_out_as_asked_and_it_is_said(recsim: Command, shop: Path) -> None:
    kept = json.loads(recsim("evaluate", shop, *QUICK, "--keep-seen", "--json").out)
    masked = json.loads(recsim("evaluate", shop, *QUICK, "--mask-seen", "--json").out)
    assert kept["protocol"]["seen_products"].startswith("kept")
    assert masked["protocol"]["seen_products"].startswith("left out")


def test_a_leak_ends_the_command_with_3_if_asked(recsim: Command, shop: Path, tmp_path: Path) -> None:
    log = tmp_path / "log" / "train.csv"
    log.write_text(log.read_text() + "0,0\n")
    assert recsim("import", "interactions", log.parent, "--name", "leaky").code == 0
    ended = recsim("evaluate", tmp_path / "data" / "leaky", *QUICK, "--fail-on-leak")
    assert ended.code == 3
    assert "leak: 1 of 40 test pairs are in the training part as well (user 0, product 0)" in ended.err
    assert "the leakage check found repeated-pairs" in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--compare"], "--compare needs two runs or more"),
        (["--rescore", "--recommender", "popular"], "--recommender has no meaning with it"),
        (["--rescore", "--compare"], "--rescore has no meaning with it"),
        (["--rescore"], "is a world of import; name a run"),
        (["--split", "next"], 'unknown split "next"'),
        (["--split", "next-item"], "has no sessions with an order"),
        (["--split", "next-basket"], "has no baskets"),
        (["--split", "sliding-windows"], "rows without a time; use --split given"),
        (["--as", "rankx"], 'unknown convention "rankx". Did you mean "ranx"'),
        (["--recommendations", "nothing.csv"], "there is no file nothing.csv"),
        (["--recommender", "mine.py:Mine"], "there is no file mine.py"),
        (["--set", "evaluation.validation_share=0.9"], "must leave something to learn from"),
        (["--set", "evaluation.judge_on=validation"], "has no validation part to judge on"),
        (["--fail-under", "ndcg@7=0.1"], "which is not computed"),
    ],
)
def test_what_can_not_work_is_refused_and_nothing_is_written(
    recsim: Command, shop: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    ended = recsim("evaluate", shop, *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert not (tmp_path / "reports").exists() or not list((tmp_path / "reports").iterdir())

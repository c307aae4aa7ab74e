"""Recommenders of the user's own file, and lists made elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from evaluate_worlds import pairs, world_of

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.contenders import contenders
from recsim.evaluate.engine import Question, evaluate
from recsim.evaluate.imported import read_recommendations
from recsim.recommenders import RECOMMENDERS
from recsim.recommenders.contract import breaches
from recsim.scenario import Scenario

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluate.md"

GOOD = """
import numpy as np
from recsim.recommenders.base import Slates
from recsim.recommenders.topk import Selection

class Mine:
    def fit(self, interactions, *, seed):
        self.seen, self.products = interactions.matrix, interactions.products

    def recommend(self, users, k, *, mask_seen):
        lists = Selection(users, k, seen=self.seen if mask_seen else None)
        lists.offer(np.tile(np.arange(self.products, dtype=np.float32), (len(users), 1)))
        return lists.slates()
"""

BROKEN = {
    "returns a list": ("return lists.slates()", "return [1]", "recommend returns a list, not Slates"),
    "ignores the mask": ("seen=self.seen if mask_seen else None", "seen=None", "with mask_seen=True it lists product"),
    "has no fit": ("def fit", "def learn", r"it has no fit; it needs fit\(interactions, \*, seed\)"),
    "raises": ("self.seen, self.products =", "self.seen, self.prods =", "it raised AttributeError"),
    "draws": (
        "np.tile(np.arange(self.products, dtype=np.float32), (len(users), 1))",
        "np.random.random((len(users), self.products)).astype(np.float32)",
        "fitted twice with the same seed it lists other products",
    ),
    "changes its input": (
        "self.seen, self.products = interactions.matrix, interactions.products",
        "self.seen, self.products = interactions.matrix, interactions.products; interactions.matrix.data[:] = 9",
        "fit changes the matrix it was given",
    ),
    "is short": ("k, seen", "k - 1, seen", r"gives products of shape \(3, 5\), not \(3, 6\)"),
    "looks at its company": (
        "dtype=np.float32)", "dtype=np.float32) * (1 if len(users) > 5 else -1)", "depends on who else is asked about",
    ),
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Dataset:
    rows = pairs("train", (0, 0), (0, 1), (1, 1), (2, 2)) + pairs("test", (0, 2), (1, 0), (2, 3))
    products = [{"product_id": n, "key": f"sku-{n}"} for n in range(4)]
    return world_of(tmp_path, {"interactions": rows, "products": products}, users=3, products=4)


def ask(world: Dataset, out: Path, **asked: Any) -> Any:
    question = Question(**{"recommenders": [], "metrics": ["recall@2", "mrr@2"], "split": "given", **asked})
    evaluate(Scenario(), world, out, question, force=False)
    return json.loads((out / "results.json").read_text())


@pytest.mark.parametrize("name", RECOMMENDERS.names())
def test_our_own_recommenders_keep_the_contract(name: str) -> None:
    assert breaches(RECOMMENDERS.load(name)) == []


def test_a_class_of_ones_own_file_is_judged_beside_ours(world: Dataset, tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text(GOOD)
    found = ask(world, tmp_path / "run", recommenders=[f"{tmp_path}/my.py:Mine", "popular"])
    best = {row["recommender"]: row["value"] for row in found["scores"] if row["segment"] == "all"}
    assert set(best) == {"my.py:Mine", "popular"}
    assert best["my.py:Mine"] == pytest.approx((1 + 0 + 1) / 3 * 1, abs=0.51)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_promise_is_said_in_a_sentence(world: Dataset, tmp_path: Path, what: str) -> None:
    before, after, says = BROKEN[what]
    assert before in GOOD
    (tmp_path / "my.py").write_text(GOOD.replace(before, after))
    with pytest.raises(BadInput, match=rf"recommender my\.py:Mine breaks the contract of a recommender: .*{says}"):
        contenders([f"{tmp_path}/my.py:Mine"], [], world)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("no.py:Mine", "", r"there is no file"),
        ("my.py", "x = 1", "names a file; name the class in it too"),
        ("my.py:Mime", GOOD, r'has no class Mime. Did you mean "Mine"'),
        ("my.py:Mine", "import nothing_like_it", "line 1 raised ModuleNotFoundError"),
        ("my.py:Mine", "class Mine(:", "line 1 raised SyntaxError"),
        ("my.py:Mine(size=3)", GOOD, 'has no option "size"'),
    ],
)
def test_a_file_that_can_not_be_used_is_refused(
    world: Dataset, tmp_path: Path, text: str, code: str, says: str
) -> None:
    (tmp_path / "my.py").write_text(code)
    with pytest.raises(BadInput, match=says):
        contenders([f"{tmp_path}/{text}"], [], world)


def test_the_recommender_of_the_page_works_as_it_says(
    smoke_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recsim: Any
) -> None:
    name, code = re.search(r"```python file=(\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL).groups()
    command = re.search(r"^\$ recsim evaluate smoke (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(code)
    arguments = [word.strip('"') for word in command.split()]
    ended = recsim("evaluate", smoke_world, *arguments, "--no-oracle", "--out", "run")
    assert ended.code == 0, ended.err
    found = json.loads((tmp_path / "run" / "results.json").read_text())
    assert found["leaderboard"] == ["neighbours.py:Neighbours(power=0.3)", "popular"]


def lists_in(path: Path, rows: list[tuple[Any, ...]], columns: list[str]) -> Path:
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_lists_made_elsewhere_are_judged_as_ours(world: Dataset, tmp_path: Path, suffix: str) -> None:
    rows = [
        (0, "sku-2", 0.9),
        (0, "sku-3", 0.8),
        (2, "sku-0", 0.2),
        (2, "sku-3", 0.4),
        (1, "sku-9", 1.0),
        (7, "sku-0", 1),
    ]
    path = lists_in(
        tmp_path / f"theirs.{suffix}", [(str(u), p, float(s)) for u, p, s in rows], ["user_id", "item", "score"]
    )
    found = ask(world, tmp_path / "run", recommendations=[str(path)])
    best = {row["metric"]: row["value"] for row in found["scores"] if row["segment"] == "all"}
    assert best == {"recall@2": pytest.approx(2 / 3), "mrr@2": pytest.approx(2 / 3)}
    assert found["lists"][0]["imported"] == {"rows": 6, "rows_with_unknown_user": 1, "rows_with_unknown_product": 1}
    assert found["lists"][0]["unanswered"] == 1


def test_ranks_do_where_there_are_no_scores_and_a_trec_run_is_known_by_its_fields(
    world: Dataset, tmp_path: Path
) -> None:
    ranked = lists_in(tmp_path / "a.csv", [(0, "sku-3", 2), (0, "sku-2", 1)], ["user", "product", "rank"])
    run = tmp_path / "b.run"
    run.write_text("0 Q0 sku-2 1 9.5 tag\n0 Q0 sku-3 2 8.5 tag\n")
    for path in (ranked, run):
        lists = read_recommendations(f"x={path}", world).lists(np.array([0, 1]), 3)
        assert lists.products.tolist() == [[2, 3, -1], [-1, -1, -1]]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "user,item\n0,sku-1\n", "recommendations need user, item .* and score or rank"),
        ("a.csv", "user,item,score\n0,sku-1,high\n", 'row 1: score "high" is no number'),
        ("a.csv", "user,item,score\n0,nothing,1\n", 'no row names a product of world tiny .*the first is "nothing"'),
        ("a.csv", "user,item,score\n", "holds no recommendations"),
        ("a.run", "0 Q0 sku-1 1 2 tag\n0 Q0 sku-1 1\n", "line 2 is no line of a TREC run"),
        ("a.parquet", "no parquet", "can't be read as recommendations"),
    ],
)
def test_a_file_without_recommendations_is_refused(
    world: Dataset, tmp_path: Path, name: str, text: str, says: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=says):
        read_recommendations(str(tmp_path / name), world)


def test_lists_a_user_can_not_answer_a_split_of_several_tasks(world: Dataset, tmp_path: Path) -> None:
    path = lists_in(tmp_path / "a.csv", [(0, "sku-1", 1)], ["user", "item", "score"])
    with pytest.raises(BadInput, match="has one list a user; a split with several windows or folds"):
        ask(world, tmp_path / "run", recommendations=[str(path)], split="k-fold")
    assert not (tmp_path / "run").exists()

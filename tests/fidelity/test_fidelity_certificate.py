"""The ladder: tau and its noise, detection and its null, and a whole certificate from the command line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.fidelity.agreement import PANEL, Scores, agree, kendall, score
from recsim.fidelity.base import About, Measured
from recsim.fidelity.clicks import Clicks, sample
from recsim.fidelity.compare import against_target, between, log_error
from recsim.fidelity.detect import detect
from recsim.fidelity.ladder import against_profile
from recsim.fidelity.protocol import Protocol, cases_of, prepare
from recsim.generate.engine import generate
from recsim.runs import read_document
from recsim.scenario import load_scenario
from recsim.scenario.profile import Target, load_profile

SMALL = Protocol(support=2, test_sessions=200)


def clicks(sessions: list[list[int]], starts: list[int] | None = None) -> Clicks:
    sizes = [len(one) for one in sessions]
    times = None if starts is None else np.concatenate([np.arange(n) + at for n, at in zip(sizes, starts, strict=True)])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return Clicks(np.arange(len(sessions)), indptr, np.concatenate(sessions), times, 1.0)


def scores(values: list[float], sessions: int = 200, noise: float = 0.0) -> Scores:
    draws = np.random.default_rng(1).normal(size=(len(values), sessions)) * noise
    sums = np.array(values)[:, None] + draws
    return Scores(tuple("abcdefgh"[: len(values)]), sums, sums, np.ones(sessions))


def test_tau_is_the_share_of_pairs_in_order_less_those_out_of_order() -> None:
    order = np.array([1.0, 2.0, 3.0, 4.0])
    assert kendall(order, order) == 1.0
    assert kendall(order, -order) == -1.0
    assert kendall(order, np.array([1.0, 2.0, 4.0, 3.0])) == pytest.approx(4 / 6)
    assert kendall(order, np.zeros(4)) == 0.0
    tied = kendall(order, np.array([1.0, 2.0, 3.0, 3.0]))
    assert tied == pytest.approx(5 / np.sqrt(6 * 5))


def test_certain_pairs_agree_and_a_certain_swap_is_named() -> None:
    one = agree(scores([0.1, 0.2, 0.3]), scores([0.1, 0.3, 0.2]), "recall")
    assert (one.pairs, one.certain, one.agreeing, one.swaps) == (3, 3, 2, (("b", "c"),))
    assert one.value == one.low == one.high == pytest.approx(1 / 3)
    assert one.certain_tau == pytest.approx(1 / 3)


def test_noise_makes_an_interval_and_takes_certainty() -> None:
    noisy = agree(scores([0.10, 0.11, 0.12], noise=1.0), scores([0.1, 0.2, 0.3]), "recall")
    assert noisy.low < noisy.high
    assert noisy.certain < 3


def test_the_latest_sessions_are_the_test_and_every_next_view_is_asked() -> None:
    log = clicks([[1, 2, 3], [1, 2]] * 400 + [[2, 3, 1, 9]] * 100, starts=list(range(0, 9000, 10)))
    prepared = prepare(log, Protocol(support=2, k=1, test_sessions=60), name="x")
    assert prepared.split == "global time"
    assert len(prepared.test) == 60
    assert prepared.test.time_us.min() > prepared.train.time_us.max()
    assert prepared.product_ids.tolist() == [1, 2, 3, 9]
    cases = cases_of(prepared)
    assert len(cases.target) == 60 * 3
    assert cases.histories.products[cases.histories.indptr[2] : cases.histories.indptr[3]].tolist() == [1, 2, 0]
    assert prepared.product_ids[cases.target[2]] == 9


def test_a_log_too_small_to_rank_by_is_refused() -> None:
    with pytest.raises(BadInput, match=r"world tiny leaves .* too few to rank recommenders by"):
        prepare(clicks([[1, 2]] * 100), Protocol(), name="tiny")
    with pytest.raises(BadInput, match="world rare leaves 0 test sessions over 0 products"):
        prepare(clicks([[1, 2], [3, 4]]), Protocol(), name="rare")


def test_an_error_is_a_log_ratio_and_published_quantiles_are_good_to_half_a_unit() -> None:
    assert log_error(2.0, 1.0) == pytest.approx(np.log(2))
    assert log_error(4.4, 4, slack=0.5) == 0.0
    assert log_error(5.0, 4, slack=0.5) == pytest.approx(np.log(5 / 4.5))
    assert log_error(0.0, 0.0) == 0.0
    assert log_error(0.0, 1.0) == 9.99


def test_a_statistic_passes_within_its_tolerance_and_shares_by_total_variation() -> None:
    about = About("hour_of_day", "shares", "marginal", "share")
    check = between(Measured(about, {"h0": 0.5, "h1": 0.5}), Measured(about, {"h0": 0.4, "h1": 0.6}))
    assert (check.error, check.passed) == (pytest.approx(0.1), True)
    rates = About("funnel", "rates", "marginal", "share")
    assert between(Measured(rates, {"a": 0.1}), Measured(rates, {"a": 0.12})).passed is False
    assert between(Measured(rates, reason="no carts"), Measured(rates, {"a": 1.0})).reason == "real: no carts"


def test_a_target_of_another_window_is_not_held_against_a_world(smoke_world: Path) -> None:
    world = Dataset.open(smoke_world)
    made = Measured(About("events_per_user", "counts", "marginal", "events"), {"p50": 6.2})
    target = {"values": {"p50": 6.0}, "source": "counted", "evidence": "published"}
    assert against_target(Target(**target, window_days=3), made, world).passed is True
    other = against_target(Target(**target, window_days=28), made, world)
    assert (other.passed, other.reason) == (None, "the target covers 28 days, the world 3")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smoke scenario with another seed: as real as a real world can be to the smoke world."""
    out = tmp_path_factory.mktemp("worlds") / "twin"
    generate(load_scenario("smoke", seed=2), out, workers=1)
    return out


def test_two_worlds_of_one_scenario_rank_alike_and_shuffled_sessions_do_not(smoke_world: Path, twin: Path) -> None:
    logs = [sample(Dataset.open(path), least=2, most=10_000) for path in (smoke_world, twin)]
    shuffled = np.random.default_rng(3).permutation(logs[0].product)
    random = Clicks(logs[0].session, logs[0].indptr, shuffled, logs[0].time_us, 1.0)
    sides = [prepare(log, SMALL, name="x") for log in (*logs, random)]
    first, second, noise = (score(side, SMALL) for side in sides)
    assert len(PANEL) >= 8
    assert agree(first, second, "recall").value >= 0.8
    assert agree(first, noise, "recall").value < 0.6
    assert detect(sides[0], sides[1]).auc < 0.62
    assert detect(sides[0], sides[2]).auc > 0.9


def test_the_command_writes_a_certificate_with_every_rung(
    smoke_world: Path, twin: Path, tmp_path: Path, recsim: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsim.cli.certificate.other_sizes", lambda scenario: [])
    out = tmp_path / "certificate"
    ended = recsim("evaluate", smoke_world, "--against", twin, "--out", out)
    assert ended.code == 0, ended.err
    assert "L4\tranking agreement\t✓ pass\ttau" in ended.out
    found = read_document(out / "results.json")
    assert [rung["name"] for rung in found["rungs"]] == ["L1", "L2", "L3", "L4", "L5", "L6"]
    assert found["rungs"][4]["answer"] == "products of the two worlds are not the same: no ids to align"
    assert {row["recommender"] for row in found["rungs"][3]["recommenders"]} == set(PANEL)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "real beside synthetic" in page
    assert len(page) < 500_000


def test_a_profile_with_a_ranking_tells_tau_without_a_log(smoke_world: Path) -> None:
    found = against_profile(Dataset.open(smoke_world), load_profile("retailrocket"), protocol=SMALL)
    rungs = {rung.name: rung for rung in found.rungs}
    assert rungs["L4"].answer.startswith("tau ")
    assert rungs["L4"].facts["ceilings"][0]["value"] >= 0.5
    assert rungs["L3"].passed is None
    assert {check.statistic for check in found.checks} == set(load_profile("retailrocket").targets)


def test_a_certificate_is_refused_without_a_real_world_or_a_profile(smoke_world: Path, recsim: Callable) -> None:
    same = recsim("evaluate", smoke_world, "--against", smoke_world)
    assert (same.code, "names smoke itself" in same.err) == (2, True)
    beside = recsim("evaluate", smoke_world, "--against", "other", "--metric", "ndcg@20")
    assert (beside.code, "so --metric has no meaning with it" in beside.err) == (2, True)
    bare = recsim("generate", "smoke", "--certificate")
    assert (bare.code, "--certificate needs a profile" in bare.err) == (2, True)


def test_other_sizes_keep_users_and_products_in_proportion() -> None:
    from recsim.cli.certificate import other_sizes

    assert other_sizes(load_scenario("smoke")) == [(1000, 250), (4000, 1000)]
    assert other_sizes(load_scenario("small")) == [(10_000, 1000), (33_333, 3333)]

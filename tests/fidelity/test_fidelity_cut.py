"""A world is held against a published log only after going through the scissors that the log went through."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from recsim.cli.certificate import measured_sizes
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.fidelity.cut import Cut, cut_of, edge, through
from recsim.fidelity.ladder import against_profile, against_world
from recsim.fidelity.log import CART, PURCHASE, VIEW, Piece, pieces
from recsim.fidelity.measure import measure, published
from recsim.fidelity.protocol import Protocol
from recsim.scenario import load_scenario
from recsim.scenario.profile import LogCut, Profile, Target

SMALL = Protocol(support=2, test_sessions=200)


def log(rows: list[tuple[int, int, int]]) -> Callable[[], Iterator[Piece]]:
    """Rows of (session, product, kind) in two pieces, every session of another user."""
    table = np.array(rows)
    parts = [table[: len(rows) // 2], table[len(rows) // 2 :]]
    return lambda: (Piece(p[:, 0] + 100, p[:, 0], p[:, 1], p[:, 2].astype(np.int8), None, None) for p in parts)


ROWS = [
    (1, 0, VIEW),
    (1, 1, VIEW),
    (1, 1, CART),
    (2, 1, VIEW),
    (3, 0, VIEW),
    (3, 1, VIEW),
    (3, 2, VIEW),
    (3, 1, PURCHASE),
]


def test_an_edge_is_where_counts_jump_and_few_lie_below() -> None:
    assert edge(np.array([0, 0, 6, 15, 104, 455, 326, 258, 194])) == 5
    assert edge(np.array([0, 900, 400, 250, 100])) == 1
    assert edge(np.array([0, 0, 900, 400, 250, 100])) == 2
    assert edge(np.array([0, 300, 10, 900, 400])) == 1, "a fifth of all lies below, so nothing was filtered"
    assert edge(np.array([0, 1, 4, 3])) == 1, "too few to tell"


def test_a_cut_leaves_what_the_log_has_event_types_sessions_and_products() -> None:
    def left(cut: Cut) -> list[tuple[int, int, int]]:
        return [
            (int(s), int(p), int(k))
            for piece in through(cut, log(ROWS), 3)()
            for s, p, k in zip(piece.session, piece.product, piece.kind, strict=True)
        ]

    assert left(Cut()) == ROWS
    views = [row for row in ROWS if row[2] == VIEW]
    assert left(Cut(kinds=("view_product",))) == views
    assert left(Cut(kinds=("view_product",), least_views=2)) == [row for row in views if row[0] != 2]
    rarer = left(Cut(kinds=("view_product",), least_views=2, least_events=2))
    assert rarer == [(1, 0, VIEW), (1, 1, VIEW), (3, 0, VIEW), (3, 1, VIEW)]


@pytest.fixture(scope="module")
def session_log(tmp_path_factory: pytest.TempPathFactory, smoke_world: Path) -> Path:
    """The views of the smoke world as a session log is published: sessions of two, products of five, no users."""
    folder = tmp_path_factory.mktemp("published")
    source = through(
        Cut(("view_product",), 2, 5), lambda: pieces(Dataset.open(smoke_world)), Dataset.open(smoke_world).products
    )
    lines = ["session,item,ts"]
    offset = 0
    for piece in source():
        views = piece.views
        assert views.time_us is not None
        rows = zip(views.owner + offset, views.product, views.time_us / 1e6, strict=True)
        lines += [f"{session},{product},{at}" for session, product, at in rows]
        offset += len(views.starts)
    (folder / "clicks.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "clicks.csv"


def test_a_world_passes_against_its_own_log_as_it_would_be_published(
    session_log: Path, smoke_world: Path, recsim: Callable
) -> None:
    """Nothing is off in a world that is the log, whatever was left out of that: no figure may blame the preparation."""
    assert recsim("import", "sessions", session_log, "--name", "shop").code == 0
    real, world = Dataset.open("shop"), Dataset.open(smoke_world)
    found = published(real)
    assert found.cut == Cut(("view_product",), 2, 5, sessions_only=True)
    certificate = against_world(world, real, protocol=SMALL)
    rungs = {rung.name: rung for rung in certificate.rungs}
    off = {check.statistic: check.error for check in certificate.checks if check.passed is False}
    assert set(off) <= {"hour_of_day"}, "which is on the users' own clocks here, and on the server's in the log"
    assert rungs["L3"].facts["auc"] < 0.55
    assert rungs["L4"].facts["tau"]["recall"]["value"] > 0.9
    assert not found.found["bounce"].values
    assert measure(world, ["bounce"])["bounce"].values["share"] > 0.3


def test_a_profile_of_a_cut_log_cuts_the_worlds_held_against_it(smoke_world: Path) -> None:
    world = Dataset.open(smoke_world)
    cut = LogCut(kinds=("view_product",), least_views=2, least_events=5, sessions_only=True)
    wanted = measure(world, ["re_view", "activity_diversity"], cut=Cut.of(cut))
    targets = {
        name: Target(values=one.values, source="counted", evidence="measured", tolerance=0.001)
        for name, one in wanted.items()
    }
    fair = against_profile(world, Profile(description="a shop", cut={"log": cut}, targets=targets), protocol=SMALL)
    blind = against_profile(world, Profile(description="a shop", targets=targets), protocol=SMALL)
    assert {check.statistic: check.passed for check in fair.checks} == {"re_view": True, "activity_diversity": True}
    assert any(check.passed is False for check in blind.checks)


def test_other_sizes_are_measured_within_the_limits_of_the_world_they_are_held_against(smoke_world: Path) -> None:
    world, scenario = Dataset.open(smoke_world), load_scenario("smoke")
    log = published(world)
    cut = Cut(("view_product",), 2, 5)
    with Terminal(json=False, quiet=True) as terminal:
        (size,) = measured_sizes(scenario, [(1000, 250)], terminal, log.limits, cut)
    assert size.same_bytes is True
    assert size.unsteady == {"price_usd"}
    assert "funnel" in size.found
    assert size.found["funnel"].reason == "the log has no carts and no purchases"
    mine = measure(world, ["events_per_product"], limits=log.limits, cut=cut)["events_per_product"].values
    assert size.found["events_per_product"].values["p50"] == pytest.approx(mine["p50"], rel=0.2)


def test_a_cut_is_found_on_a_log_that_is_large_enough(smoke_world: Path) -> None:
    world = Dataset.open(smoke_world)
    whole = cut_of(lambda: pieces(world), world.products, sessions_only=False)
    assert whole.whole
    assert whole.told() == ""
    assert Cut(("view_product",), 2, 5, sessions_only=True).told() == (
        "view_product events alone, sessions of 2 views or more, products of 5 events or more, "
        "sessions that name no user"
    )

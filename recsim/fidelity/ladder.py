"""The certificate: six rungs, each with a verdict, its figures and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.fidelity.agreement import PANEL, Agreement, Scores, agree, agree_with_means, score
from recsim.fidelity.base import Limits, Measured
from recsim.fidelity.clicks import Clicks, sample
from recsim.fidelity.compare import TOLERANCE, Check, against_target, between, errors_of, limits_of
from recsim.fidelity.cut import Cut
from recsim.fidelity.detect import PASSING_AUC, Detection, detect
from recsim.fidelity.measure import measure, published
from recsim.fidelity.protocol import Prepared, Protocol, prepare
from recsim.progress import Progress, silent
from recsim.rng import words
from recsim.scenario.profile import Profile

PASSING_TAU = 0.7
TITLES = {
    "L1": "marginals",
    "L2": "joint structure",
    "L3": "detectability",
    "L4": "ranking agreement",
    "L5": "trained on synthetic, tested on real",
    "L6": "invariance of size",
}
MOST_SESSIONS = 250_000
SHARED_KEYS = 0.5


@dataclass(frozen=True)
class Rung:
    """One rung: `passed` is None where it can't be climbed, and `answer` says why; else `answer` is its figure."""

    name: str
    passed: bool | None
    answer: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return TITLES[self.name]

    def tree(self) -> dict[str, Any]:
        return {"name": self.name, "title": self.title, "passed": self.passed, "answer": self.answer, **self.facts}


@dataclass(frozen=True)
class Certificate:
    """The rungs in order, and the checks of L1 and L2 behind them."""

    rungs: tuple[Rung, ...]
    checks: tuple[Check, ...]
    cut: Cut = field(default_factory=Cut)

    def tree(self) -> dict[str, Any]:
        return {
            "cut": {**self.cut.tree(), "told": self.cut.told()},
            "rungs": [rung.tree() for rung in self.rungs],
            "checks": [asdict(check) for check in self.checks],
        }


@dataclass(frozen=True)
class Size:
    """A world of the same scenario at another size: its statistics, and whether making it twice gave the same bytes.

    `unsteady` are statistics that so small a world can't show.
    """

    label: str
    found: Mapping[str, Measured]
    same_bytes: bool | None = None
    unsteady: frozenset[str] = frozenset()


Sizes = Callable[[Mapping[str, Limits], Cut], Sequence[Size]]
"""Makes the other sizes and measures them, cut and limited as the world itself is."""


def against_world(
    world: Dataset,
    real: Dataset,
    *,
    others: Sequence[Dataset] = (),
    sizes: Sizes | None = None,
    protocol: Protocol | None = None,
    seed: int = 1,
    progress: Progress = silent,
) -> Certificate:
    """The certificate of a world against a real one; `others` are further real worlds for the ceiling of L4."""
    protocol = protocol or Protocol()
    log = published(real, progress=progress)
    found = measure(world, limits=log.limits, cut=log.cut, progress=progress)
    checks = [between(log.found[name], found[name]) for name in sorted(log.found)]
    rungs = [_checked(name, checks) for name in ("L1", "L2")]
    try:
        sides = [_prepared(one, protocol, seed, log.cut) for one in (real, world)]
    except BadInput as error:
        rungs += [Rung(name, None, f"{error}") for name in ("L3", "L4", "L5")]
    else:
        rungs.append(_detected(detect(sides[0], sides[1], seed=seed)))
        rungs += _ranked(world, real, others, sides, protocol, seed, progress)
    rungs.append(_invariant(found, sizes(log.limits, log.cut) if sizes else ()))
    return Certificate(tuple(rungs), tuple(checks), log.cut)


def against_profile(
    world: Dataset,
    profile: Profile,
    *,
    sizes: Sizes | None = None,
    protocol: Protocol | None = None,
    seed: int = 1,
    progress: Progress = silent,
) -> Certificate:
    """The certificate of a world against the targets of a profile: what can be said without a real log."""
    limits, cut = limits_of(profile.targets), Cut.of(profile.cut.get("log"))
    found = measure(world, limits=limits, cut=cut, progress=progress)
    seen = found["events_per_user"].count or None
    checks = [
        against_target(target, found[name], world, users=seen) for name, target in sorted(profile.targets.items())
    ]
    need = "needs a real log: recsim evaluate WORLD --against REAL_WORLD"
    rungs = [_checked(name, checks) for name in ("L1", "L2")]
    rungs.append(Rung("L3", None, need))
    rungs.append(_known_ranking(world, profile, protocol or Protocol(), seed, progress) or Rung("L4", None, need))
    rungs.append(Rung("L5", None, need))
    rungs.append(_invariant(found, sizes(limits, cut) if sizes else ()))
    return Certificate(tuple(rungs), tuple(checks), cut)


def _known_ranking(world: Dataset, profile: Profile, protocol: Protocol, seed: int, progress: Progress) -> Rung | None:
    """L4 against recalls that a profile holds of real logs; None where it holds none of the whole panel."""
    known = {name: one for name, one in profile.rankings.items() if set(PANEL) <= one.recall.keys()}
    if not known:
        return None
    try:
        side = _prepared(world, protocol, seed, Cut.of(profile.cut.get("log")))
        made = score(side, protocol, seed=seed, progress=progress, label=world.name)
    except BadInput as error:
        return Rung("L4", None, f"{error}")
    rows = []
    for name, one in known.items():
        value, low, high = agree_with_means([one.recall[member] for member in PANEL], made, seed=seed)
        rows.append({"of": f"{world.name} and {name}, as its profile says", "metric": "recall", "value": value,
                     "low": low, "high": high, "source": one.source})  # fmt: skip
    told = ", ".join(
        f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}] with {name}"
        for row, name in zip(rows, known, strict=True)
    )
    answer = f"tau {told}, of {len(PANEL)} recommenders by recall@{protocol.k}; the profile's side has no interval"
    passed = all(float(str(row["value"])) >= PASSING_TAU for row in rows)
    return Rung("L4", passed, answer, {"passing": PASSING_TAU, "ceilings": rows, "protocol": protocol.facts()})


def _prepared(world: Dataset, protocol: Protocol, seed: int, cut: Cut | None = None) -> Prepared:
    clicks = sample(world, least=protocol.least_views, most=MOST_SESSIONS, seed=seed, cut=cut)
    return prepare(clicks, protocol, name=world.name, seed=seed)


def _checked(name: str, checks: Sequence[Check]) -> Rung:
    mine = [check for check in checks if check.rung == name and check.passed is not None]
    if not mine:
        return Rung(name, None, "no statistic is known on both sides")
    passing = sum(bool(check.passed) for check in mine)
    worst = max(mine, key=lambda check: (check.error or 0.0) / check.tolerance)
    answer = f"{passing} of {len(mine)} statistics within tolerance; worst {worst.statistic}, {worst.error:.0%} off"
    return Rung(name, passing == len(mine), answer)


def _detected(found: Detection) -> Rung:
    clue = max(found.importance, key=lambda name: found.importance[name])
    answer = f"AUC {found.auc:.2f} (half against half of the real log {found.null_auc:.2f}); told apart most by {clue}"
    return Rung("L3", found.auc <= PASSING_AUC, answer, {"passing": PASSING_AUC, **asdict(found)})


def _ranked(
    world: Dataset,
    real: Dataset,
    others: Sequence[Dataset],
    sides: Sequence[Prepared],
    protocol: Protocol,
    seed: int,
    progress: Progress,
) -> list[Rung]:
    """L4 and L5 of prepared sides (real, synthetic)."""
    truth, made = (
        score(side, protocol, seed=seed, progress=progress, label=one.name)
        for side, one in zip(sides, (real, world), strict=True)
    )
    tau = {metric: agree(truth, made, metric, seed=seed) for metric in ("recall", "mrr")}
    ceilings = [{"of": "half and half of the real log", **_told(_halves(real, protocol, seed, progress))}]
    for other in others:
        third = score(_prepared(other, protocol, seed), protocol, seed=seed, progress=progress, label=other.name)
        ceilings.append({"of": f"{real.name} and {other.name}", **_told(agree(truth, third, "recall", seed=seed))})
    facts = {
        "passing": PASSING_TAU,
        "tau": {metric: _told(one) for metric, one in tau.items()},
        "ceilings": ceilings,
        "protocol": protocol.facts(),
        "sizes": {one.name: side.facts() for one, side in zip((real, world), sides, strict=True)},
        "recommenders": _table(truth, made, seed),
    }
    first = tau["recall"]
    reached = ", ".join(f"{one['value']:.2f}" for one in ceilings)
    answer = (
        f"tau {first.value:.2f} [{first.low:.2f}, {first.high:.2f}] of {len(PANEL)} recommenders by "
        f"recall@{protocol.k}, {tau['mrr'].value:.2f} by mrr; real against real {reached}"
    )
    return [
        Rung("L4", first.value >= PASSING_TAU, answer, facts),
        _transferred(world, real, sides, truth, protocol, seed),
    ]


def _told(one: Agreement) -> dict[str, Any]:
    return {**asdict(one), "certain_tau": one.certain_tau}


def _table(truth: Scores, made: Scores, seed: int) -> list[dict[str, Any]]:
    rows = []
    sides = {"real": truth, "synthetic": made}
    drawn = {(side, m): one.resampled(m, seed) for side, one in sides.items() for m in ("recall", "mrr")}
    for at, name in enumerate(truth.names):
        row: dict[str, Any] = {"recommender": name}
        for side, one in sides.items():
            for metric in ("recall", "mrr"):
                low, high = np.quantile(drawn[side, metric][:, at], [0.025, 0.975])
                row[f"{side}_{metric}"] = float(one.means(metric)[at])
                row[f"{side}_{metric}_low"], row[f"{side}_{metric}_high"] = float(low), float(high)
        rows.append(row)
    return rows


def _halves(real: Dataset, protocol: Protocol, seed: int, progress: Progress) -> Agreement:
    """The agreement of two random halves of the real sessions, each prepared on its own."""
    clicks = sample(real, least=protocol.least_views, most=MOST_SESSIONS, seed=seed)
    first = words(seed, "fidelity/half", clicks.session.astype(np.uint64))[:, 0] % 2 == 0
    scores = [
        score(prepare(half, protocol, name=real.name, seed=seed), protocol, seed=seed, progress=progress, label="half")
        for half in (_part(clicks, first), _part(clicks, ~first))
    ]
    return agree(scores[0], scores[1], "recall", seed=seed)


def _part(clicks: Clicks, chosen: np.ndarray) -> Clicks:
    return clicks.take(np.flatnonzero(chosen).astype(np.int64))


def _transferred(
    world: Dataset, real: Dataset, sides: Sequence[Prepared], truth: Scores, protocol: Protocol, seed: int
) -> Rung:
    """L5: learned on one world, tested on the other, where their products carry the same keys."""
    keys = [one.frame("products", columns=["product_id", "key"]).drop_nulls() for one in (real, world)]
    shared = keys[0].join(keys[1], on="key", suffix="_made")
    if shared.height < SHARED_KEYS * real.products:
        return Rung("L5", None, "products of the two worlds are not the same: no ids to align")
    place = np.full(world.products, -1, np.int64)
    place[shared["product_id_made"].to_numpy()] = shared["product_id"].to_numpy()
    real_side, made = sides
    product = place[made.product_ids[made.train.product]]
    known = np.searchsorted(real_side.product_ids, np.maximum(product, 0))
    known = np.minimum(known, real_side.products - 1)
    kept = (product >= 0) & (real_side.product_ids[known] == product)
    train = Clicks(made.train.session, made.train.indptr, known, made.train.time_us, made.train.share).only(kept)
    crossed = Prepared(train.at_least(2), real_side.test, real_side.product_ids, real_side.split)
    found = score(crossed, protocol, seed=seed, label="transfer")
    tau = agree(truth, found, "recall", seed=seed)
    kept_share = float((found.means("recall").max()) / max(truth.means("recall").max(), 1e-9))
    answer = f"best recall@{protocol.k} is {kept_share:.0%} of that learned on real; tau {tau.value:.2f}"
    return Rung("L5", kept_share >= 1 - TOLERANCE and tau.value >= PASSING_TAU, answer, {"tau": _told(tau)})


SCALE_FREE = ("views_per_session", "bounce", "gap_s", "re_view", "funnel", "session_funnel", "items_per_order",
              "events_per_user", "events_per_product", "popularity", "stars", "price_usd", "hour_of_day",
              "category_stay", "searches", "query_words", "device")  # fmt: skip
"""What must not depend on size, where users and products grow together."""


def _invariant(found: Mapping[str, Measured], sizes: Sequence[Size]) -> Rung:
    if not sizes:
        return Rung("L6", None, "only a synthetic world can be made at another size; it has no scenario here")
    rows = [row for size in sizes for row in _drift(found, size)]
    off = sum(error > TOLERANCE for _, _, error in rows)
    worst = max(rows, key=lambda row: row[2], default=None)
    told = "" if worst is None else f"; worst {worst[1]} at {worst[0]}, {worst[2]:.0%} off"
    bytes_kept = all(size.same_bytes is not False for size in sizes)
    same = "made twice the bytes are the same" if bytes_kept else "made twice the bytes differ"
    answer = (
        f"{len(rows) - off} of {len(rows)} statistics stay within {TOLERANCE:.0%} at {len(sizes)} sizes{told}; {same}"
    )
    table = [{"size": label, "statistic": name, "error": error} for label, name, error in rows]
    return Rung("L6", not off and bytes_kept, answer, {"sizes": table})


def _drift(found: Mapping[str, Measured], size: Size) -> list[tuple[str, str, float]]:
    """(size, statistic, largest error) of what both sizes tell."""
    rows = []
    for name in SCALE_FREE:
        one, other = found.get(name), size.found.get(name)
        if one is None or other is None or not one.values or not other.values or name in size.unsteady:
            continue
        shown = {key: value for key, value in one.values.items() if key not in ("p10", "p99", "sd")}
        errors = errors_of(one.about.form, other.values, shown, whole=False)
        rows.append((size.label, name, max(errors.values())))
    return rows

"""From the figures of a world to a profile: targets as measured, and the model values that come near them.

Most values are fitted in closed form. Those that act through the choice model (how often people return to a product,
how skewed popularity is) depend on each other; `tuned` finds them by making small worlds and measuring those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recsim.dataset import Dataset
from recsim.fidelity.base import Measured
from recsim.fidelity.clocks import DAYS
from recsim.fidelity.fits import floored_lognormal, lognormal_sigma, poisson_lognormal, unseen_share
from recsim.fidelity.log import sessions_are_users
from recsim.scenario import Scenario
from recsim.scenario.world import Behaviour, Calendar, Products, Users

Model = dict[str, dict[str, Any]]
Found = Mapping[str, Measured]
Simulate = Callable[[Model], Found]

WHOLE_LOG = frozenset(
    {"events_per_product", "events_per_user", "sessions_per_user", "orders_per_buyer", "popularity", "slopes"}
    | {
        "session_popularity",
        "repeat_visits",
        "user_funnel",
        "activity_diversity",
        "reviews_per_product",
        "reviews_per_user",
    }
)
"""Statistics that grow with the window, so their targets hold for it alone."""
PER_PRODUCT = frozenset({"events_per_product", "popularity", "session_popularity", "slopes", "reviews_per_product"})
"""Those that need as many users a product, too."""

ROUNDS = 4
TUNED_USERS, TUNED_PRODUCTS = 20_000, 10_000
_STAR_NAMES = ("one_share", "two_share", "three_share", "four_share", "five_share")


def model_of(world: Dataset, found: Found) -> Model:
    """Model values in closed form from the figures of a world; what it can't tell is left to the defaults."""
    days = days_of(world)
    sections = {
        "calendar": {**({"days": days} if days else {}), **_clock(found)},
        "users": _users(world, found, days or Calendar().days),
        "products": _products(world, found),
        "behaviour": _behaviour(found),
    }
    return {name: {key: _plain(value) for key, value in keys.items()} for name, keys in sections.items() if keys}


def _clock(found: Found) -> dict[str, Any]:
    """When sessions happen: by hour on weekdays and at weekends, and by day of the week. Events stand for starts."""
    values: dict[str, Any] = {}
    extra = found["hour_of_day"].extra
    for kind, key in (("weekday", "hour_shares"), ("weekend", "weekend_hour_shares")):
        if f"{kind}_h00" in extra:
            values[key] = [_plain(100 * extra[f"{kind}_h{hour:02d}"]) for hour in range(24)]
    if "hour_shares" not in values and "weekend_hour_shares" in values:
        values["hour_shares"] = values["weekend_hour_shares"]
    days = found["day_of_week"].values
    if days:
        values["weekday_shares"] = [_plain(max(7 * days[name], 1e-3)) for name in DAYS]
    return values


def days_of(world: Dataset) -> int | None:
    """Days from the first to the last of the event log; None without one."""
    from datetime import date

    labels = world.days() if world.has("events") else []
    if not labels:
        return None
    return (date.fromisoformat(labels[-1]) - date.fromisoformat(labels[0])).days + 1


def _users(world: Dataset, found: Found, days: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    sessions = found["sessions_per_user"]
    fit = None if sessions.histogram is None else poisson_lognormal(sessions.histogram, least=max(1, sessions.floor))
    if fit is not None:
        mu, sigma = fit
        seen = max(1.0 - unseen_share(mu, sigma), 0.01)
        values["count"] = max(1, round(sessions.count / seen))
        values["sessions_per_day"] = min(max(math.exp(mu + sigma**2 / 2) / days, 1e-4), 50.0)
        values["activity_sigma"] = sigma
    else:
        values["count"] = max(1, round(_sessions(world, found) / (Users(count=1).sessions_per_day * days)))
    mobile = found["device"].values.get("mobile_share")
    return values if mobile is None else {**values, "mobile_share": mobile}


def _sessions(world: Dataset, found: Found) -> float:
    """Sessions the log stands for: those it was cut from had bounces, too."""
    longer = found["views_per_session"].count
    bounce = found["bounce"].values.get("share", Behaviour().bounce_share)
    return (longer or world.users) / (1.0 - min(bounce, 0.95))


def _products(world: Dataset, found: Found) -> dict[str, Any]:
    values: dict[str, Any] = {"count": max(10, world.products)}
    leaves = world.frame("products", columns=["category"])["category"].list.join("/")
    different = int(leaves.filter(leaves != "").n_unique()) if leaves.len() else 0
    if different >= 2:
        values["categories"] = min(different, 20_000)
    elif values["count"] < Products().categories:
        values["categories"] = max(2, values["count"] // 10)
    price = found["price_usd"].values
    if price:
        values["median_price_usd"] = price["p50"]
    for field in ("brand", "description"):
        share = found["missing"].values.get(f"{field}_share")
        if share is not None:
            values[f"missing_{field}_share"] = share
    return values


def _behaviour(found: Found) -> dict[str, Any]:
    values: dict[str, Any] = {}
    bounce = found["bounce"].values
    if bounce:
        values["bounce_share"] = bounce["share"]
    length = found["views_per_session"]
    fit = None if length.histogram is None else floored_lognormal(length.histogram, least=length.floor)
    if fit is not None:
        values["session_length_median"], values["session_length_sigma"] = max(fit[0], 1.0), fit[1]
    gap = found["gap_s"].values
    if gap:
        values["gap_median_s"] = min(max(gap["p50"], 0.1), 600.0)
        values["gap_sigma"] = min(lognormal_sigma(gap), 3.0)
    values |= _funnel(found["funnel"].values)
    searching = found["searches"].values.get("session_share")
    if searching is not None:
        values["search_per_session"] = searching
    stars = found["stars"].values
    if stars:
        values["star_shares"] = [max(stars[name], 1e-4) for name in _STAR_NAMES]
    return values


def _funnel(rates: Mapping[str, float]) -> dict[str, float]:
    """Rates a model can have: between 0 and 1, of logs in which each step follows the one before."""
    if "cart_per_view" in rates:
        steps = {name: rates[name] for name in ("cart_per_view", "purchase_per_cart") if name in rates}
        return {name: rate for name, rate in steps.items() if rate <= 1.0}
    through = rates.get("purchase_per_view")
    kept = Behaviour().purchase_per_cart
    return {"cart_per_view": through / kept} if through is not None and through <= kept else {}


def _plain(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


@dataclass(frozen=True)
class Knob:
    """A model value that a statistic answers to: `signal` reads the statistic, rising with the value."""

    section: str
    key: str
    statistic: str
    signal: Callable[[Measured], float | None]
    low: float
    high: float


def _share(name: str) -> Callable[[Measured], float | None]:
    return lambda found: found.values.get(name)


def popularity_sigma(found: Measured) -> float | None:
    """sigma of the Poisson-lognormal behind events a product."""
    if found.histogram is None:
        return None
    fit = poisson_lognormal(found.histogram, least=max(1, found.floor))
    return None if fit is None else fit[1]


KNOBS = (
    Knob("products", "popularity_sigma", "events_per_product", popularity_sigma, 0.0, 4.0),
    Knob("behaviour", "review_view_share", "re_view", _share("share"), 0.0, 0.6),
    Knob("behaviour", "stay_in_category_share", "category_stay", _share("share"), 0.0, 0.999),
)


def tuned(model: Model, found: Found, simulate: Simulate) -> Model:
    """The model with the knobs of the choice model set so that small worlds show the statistics of `found`.

    Each round makes one world, and moves every knob by what its statistic lacks: all of them answer with a slope near
    one. The best round is kept.
    """
    defaults: dict[str, Any] = {"products": Products(), "behaviour": Behaviour()}
    wanted = {knob: target for knob in KNOBS if (target := knob.signal(found[knob.statistic])) is not None}
    at = {
        knob: float(model.get(knob.section, {}).get(knob.key, getattr(defaults[knob.section], knob.key)))
        for knob in wanted
    }
    best, least = dict(at), math.inf
    for _ in range(ROUNDS):
        shown = simulate(_with(model, at))
        lacks = {knob: target - (knob.signal(shown[knob.statistic]) or 0.0) for knob, target in wanted.items()}
        error = sum(abs(lack) for lack in lacks.values())
        if error < least:
            best, least = dict(at), error
        at = {knob: min(max(at[knob] + lacks[knob], knob.low), knob.high) for knob in wanted}
    return _with(model, best)


def _with(model: Model, values: Mapping[Knob, float]) -> Model:
    changed = {section: dict(keys) for section, keys in model.items()}
    for knob, value in values.items():
        changed.setdefault(knob.section, {})[knob.key] = float(f"{value:.4g}")
    return changed


def small_size(model: Model) -> Model:
    """The model at a size that is made in seconds, with as many users a product."""
    users, products = int(model["users"]["count"]), int(model["products"]["count"])
    factor = min(1.0, TUNED_USERS / users, TUNED_PRODUCTS / products)
    small = {section: dict(keys) for section, keys in model.items()}
    small["users"]["count"] = max(500, round(users * factor))
    small["products"]["count"] = max(50, round(products * factor))
    categories = int(small["products"].get("categories", Products().categories))
    small["products"]["categories"] = max(2, min(categories, small["products"]["count"] // 20))
    return small


def profile_tree(world: Dataset, found: Found, model: Model) -> dict[str, Any]:
    """The profile as a tree: description, model, targets."""
    days = days_of(world)
    seen = found["events_per_user"].count
    knows_users = not sessions_are_users(world)
    targets: dict[str, Any] = {}
    for name, one in sorted(found.items()):
        if not one.values:
            continue
        target: dict[str, Any] = {
            "values": {key: float(f"{value:.5g}") for key, value in one.values.items()},
            "source": f"measured on {world.name}",
            "evidence": "measured",
        }
        if one.limits.least > 1:
            target["least"] = one.limits.least
        if name in WHOLE_LOG and days:
            target["window_days"] = days
        if name in PER_PRODUCT and knows_users and one.count:
            target["users_per_product"] = round(seen / one.count, 3)
        targets[name] = target
    return {
        "description": f"Measured on {world.name}: {world.users:,} users, {world.products:,} products.",
        "model": model,
        "targets": targets,
    }


def scenario_of(model: Model) -> Scenario:
    """The scenario of a model's values and the defaults; raises `BadInput` where they contradict each other."""
    from recsim.scenario.load import validate

    return validate({"name": "calibration", **model}, place="of the calibration")

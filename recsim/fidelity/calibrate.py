"""From the figures of a world to a profile: targets as measured, and the model values that come near them.

Most values are fitted in closed form here. Those that act through the choice model (how often people return to a
product, how skewed popularity is) depend on each other; `recsim.fidelity.tuning` finds them by making worlds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from recsim.dataset import Dataset
from recsim.fidelity.base import Measured
from recsim.fidelity.clocks import DAYS
from recsim.fidelity.cut import Cut
from recsim.fidelity.fits import below_share, cut_lognormal, floored_lognormal, poisson_lognormal, unseen_share
from recsim.fidelity.log import sessions_are_users
from recsim.scenario import Scenario
from recsim.scenario.world import Behaviour, Calendar, Products, Users

Model = dict[str, dict[str, Any]]
Found = Mapping[str, Measured]

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
LONGEST_GAP_S = 1500.0
"""The longest pause the model makes inside a session, as `recsim.behaviour.rules` has it."""
PER_PRODUCT = frozenset({"events_per_product", "popularity", "session_popularity", "slopes", "reviews_per_product"})
"""Those that need as many users a product, too."""

TUNED_USERS, TUNED_PRODUCTS, TUNED_EVENTS = 100_000, 200_000, 1_500_000
"""The largest log that worlds of the whole size are drawn for; those of a larger one are smaller in proportion."""
MOST_UNSEEN = 5.0
"""Products of a catalogue to those that a log shows, at most: a fit of a cut log's tail says little about the rest."""
PRODUCTS_A_CATEGORY, LEAST_CATEGORIES, MOST_CATEGORIES = 80, 8, 300
"""What is begun with where the log names no categories."""
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
    values: dict[str, Any] = {"count": _catalogue(world, found)}
    leaves = world.frame("products", columns=["category"])["category"].list.join("/")
    different = int(leaves.filter(leaves != "").n_unique()) if leaves.len() else 0
    if different >= 2:
        values["categories"] = min(different, 20_000)
    else:
        whole = values["count"] // PRODUCTS_A_CATEGORY
        values["categories"] = min(max(whole, LEAST_CATEGORIES), MOST_CATEGORIES, values["count"] // 2)
    price = found["price_usd"].values
    if price:
        values["median_price_usd"] = price["p50"]
    for field in ("brand", "description"):
        share = found["missing"].values.get(f"{field}_share")
        if share is not None:
            values[f"missing_{field}_share"] = share
    return values


def _catalogue(world: Dataset, found: Found) -> int:
    """Products of the shop: those seen, and those that a filtered log was cut of."""
    seen = found["events_per_product"]
    if seen.limits.least <= 1 or seen.histogram is None:
        return max(10, world.products)
    fit = poisson_lognormal(seen.histogram, least=seen.limits.least)
    kept = 1.0 if fit is None else 1.0 - below_share(*fit, seen.limits.least)
    return max(10, world.products, round(seen.count / max(kept, 1.0 / MOST_UNSEEN)))


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
        median, sigma = cut_lognormal(gap, most=LONGEST_GAP_S)
        values["gap_median_s"], values["gap_sigma"] = min(max(median, 0.1), 600.0), min(sigma, 3.0)
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


def small_scale(model: Model, found: Found) -> float:
    """The share of its users and products at which a model is drawn in seconds; 1 where it is small enough."""
    products = found["events_per_product"]
    events = products.count * products.values.get("mean", 0.0)
    return min(
        1.0,
        TUNED_USERS / model["users"]["count"],
        TUNED_PRODUCTS / model["products"]["count"],
        TUNED_EVENTS / max(events, 1.0),
    )


def scaled(model: Model, scale: float) -> Model:
    """The model at another size, with as many users a product and products a category, in one partition."""
    small = {section: dict(keys) for section, keys in model.items()}
    small["layout"] = {"partitions": 1}
    if scale < 1.0:
        small["users"]["count"] = max(1, round(small["users"]["count"] * scale))
        products = small["products"]["count"] = max(50, round(small["products"]["count"] * scale))
        categories = small["products"].get("categories", Products().categories)
        small["products"]["categories"] = max(2, min(round(categories * scale), products // 2))
    return small


def profile_tree(world: Dataset, found: Found, model: Model, cut: Cut) -> dict[str, Any]:
    """The profile as a tree: description, how the log was cut, model, targets."""
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
        "cut": {"log": cut.tree()} if not cut.whole else {},
        "model": model,
        "targets": targets,
    }


def scenario_of(model: Model) -> Scenario:
    """The scenario of a model's values and the defaults; raises `BadInput` where they contradict each other."""
    from recsim.scenario.load import validate

    return validate({"name": "calibration", **model}, place="of the calibration")

"""What `recsim truth` says: documents made from a world's formulas, never from its tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recsim.behaviour import judging
from recsim.behaviour.adversaries import KINDS, Accounts
from recsim.behaviour.judging import Terms
from recsim.behaviour.text import path_of
from recsim.behaviour.world import GENERATOR, World, build
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.generate.engine import identity
from recsim.scenario import Scenario
from recsim.schema.tables import DEVICES

_DIGITS = 6


def world_of(dataset: Dataset) -> World:
    """The formulas of a world; raises `BadInput` where it was imported, or made by another version."""
    manifest = dataset.manifest
    if manifest.scenario is None or "generator" not in manifest.facts:
        raise BadInput(
            f"{dataset.path} was imported: nobody knows the truth behind a real log. Name a world that generate made."
        )
    try:
        scenario = Scenario.model_validate(manifest.scenario)
    except ValidationError:
        scenario = None
    if scenario is None or identity(scenario) != manifest.identity:
        raise BadInput(
            f"{dataset.path} was made by another version ({manifest.facts['generator']}; this one answers for "
            f"{GENERATOR}); make the world again with --force."
        )
    return build(scenario)


def moment(world: World, text: str | None) -> tuple[int, int]:
    """Day of the world and ms of that day of an ISO instant (the begin of the world where there is none)."""
    first = world.scenario.calendar.first_day
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    if text is None:
        return 0, 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f'"{text}" is no time; write it as 2025-01-03T12:00:00Z.') from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    passed = at - begin
    days = world.scenario.calendar.days
    if not timedelta(0) <= passed < timedelta(days=days):
        end = (begin + timedelta(days=days)).isoformat()
        raise BadInput(f"{text} is outside of the world, which runs from {begin.isoformat()} to before {end}.")
    return passed.days, int((passed - timedelta(days=passed.days)).total_seconds() * 1000)


def check_user(world: World, user: int) -> None:
    if not 0 <= user < world.users:
        raise BadInput(f"there is no user {user}; the users of this world are 0 to {world.users - 1}.")


def check_product(world: World, product: int) -> None:
    count = world.scenario.products.count
    if not 0 <= product < count:
        raise BadInput(f"there is no product {product}; the products of this world are 0 to {count - 1}.")


def about_user(world: World, user: int) -> dict[str, Any]:
    """Who a user is, and whether an adversary."""
    check_user(world, user)
    found = judging.person(world.rules, world.catalogue, user)
    shares = np.diff(world.rules.interest_under, prepend=0) / 2.0**32
    row = world.adversaries.find(user)
    return {
        "user_id": user,
        "tenant": world.tenants[found.tenant],
        "region": list(world.scenario.users.regions)[found.region],
        "timezone_minutes": found.offset_minutes,
        "device": DEVICES[found.device],
        "sessions_per_day": _short(found.sessions_per_day),
        "price_sensitivity": _short(found.price_sensitivity),
        "conformity": _short(found.conformity),
        "interests": [
            {"category_id": int(leaf), "path": list(path_of(int(leaf))), "session_share": _short(share)}
            for leaf, share in zip(found.interests, shares, strict=True)
        ],
        "adversary": None if row is None else _adversary(world, row),
    }


def _adversary(world: World, row: NDArray[np.int64]) -> dict[str, Any]:
    def known(position: int) -> int | None:
        return int(row[position]) if row[position] >= 0 else None

    product = int(world.adversaries.target_product(row[None, :])[0])
    return {
        "kind": KINDS[row[Accounts.KIND]],
        "ring": known(Accounts.RING),
        "target_review_id": known(Accounts.REVIEW),
        "target_product_id": product if product >= 0 else None,
        "day": known(Accounts.DAY),
        "from_ms": known(Accounts.FROM_MS),
    }


def about_product(world: World, product: int) -> dict[str, Any]:
    """What a product is."""
    check_product(world, product)
    traits = world.traits
    return {
        "product_id": product,
        "category_id": int(traits.category[product]),
        "path": list(path_of(int(traits.category[product]))),
        "list_price_usd": _short(traits.price_usd[product]),
        "quality": _short(traits.quality[product]),
        "log_popularity": _short(traits.weight[product]),
    }


def about_choice(world: World, user: int, product: int, day: int, size: int | None) -> dict[str, Any]:
    """What a user thinks of a product on a day, and how likely each step towards buying it is."""
    who = judging.person(world.rules, world.catalogue, user)
    catalogue = judging.catalogue_on(world, day)
    leaf = int(world.traits.category[product])
    slots, weight = judging.category_slots(world, day, leaf)
    found = judging.terms(world.rules, catalogue, np.full(len(slots), user, np.int64), slots, day)
    place = int(np.flatnonzero(slots == judging.slots_of(catalogue, np.array([product])))[0])
    wanted = size or world.scenario.behaviour.consideration
    odds = np.exp(np.clip(found.utility, -40.0, 40.0))
    niche = catalogue.niche_at[slots].astype(np.int64)
    examined = world.rules.examined[:wanted].astype(np.float64)
    chosen = judging.considered(odds, weight, niche, examined, min(world.rules.page_niches, wanted))
    shelf = world.catalogue.tenant_start
    return {
        **_row(found, world, place),
        "consideration": wanted,
        "choose_given_category": _short(chosen[place]),
        "best_in_category": int(np.argsort(-found.utility, kind="stable").tolist().index(place)) + 1,
        "products_in_category": len(slots),
        "same_tenant": bool(shelf[who.tenant] <= leaf < shelf[who.tenant + 1]),
    }


def about_slate(world: World, user: int, products: list[int], day: int, examination: float) -> list[dict[str, Any]]:
    """The products of a slate, best place first, and the chance that each is taken if one is: odds e^U (1/rank)^η."""
    for product in products:
        check_product(world, product)
    if len(set(products)) < len(products):
        raise BadInput("a slate holds a product once; leave the repeated ones out.")
    catalogue = judging.catalogue_on(world, day)
    slots = judging.slots_of(catalogue, np.array(products, np.int64))
    found = judging.terms(world.rules, catalogue, np.full(len(products), user, np.int64), slots, day)
    odds = judging.slate_odds(found.utility, examination)
    return [
        {
            "rank": k + 1,
            "product_id": product,
            **_row(found, world, k),
            "choose_given_slate": _short(odds[k] / odds.sum()),
        }
        for k, product in enumerate(products)
    ]


def _row(found: Terms, world: World, k: int) -> dict[str, Any]:
    return {
        "affinity": _short(found.affinity[k]),
        "utility": _short(found.utility[k]),
        "terms": {name: _short(getattr(found, name)[k]) for name in ("taste", "quality", "price", "popularity")},
        "cart_given_view": _short(judging.cart_probability(world.rules, found)[k]),
        "purchase_given_cart": _short(judging.purchase_probability(world.rules, found)[k]),
    }


def _short(value: float) -> float:
    return float(f"{float(value):.{_DIGITS}g}")

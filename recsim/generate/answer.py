"""What `recsim truth` says: documents made from a world's formulas, never from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recsim.behaviour import judging
from recsim.behaviour import opening as openings
from recsim.behaviour.adversaries import KINDS, Accounts
from recsim.behaviour.judging import Terms
from recsim.behaviour.text import path_of
from recsim.behaviour.world import GENERATOR, World, build
from recsim.dataset import Dataset, world_path
from recsim.errors import BadInput
from recsim.generate.engine import identity
from recsim.registry import did_you_mean
from recsim.runs import complete_directories, data_dir
from recsim.scenario import Scenario, load_scenario, scenario_files
from recsim.schema.tables import DEVICES

_DIGITS = 6


def open_world(reference: str, *, sets: Sequence[str] = (), seed: int | None = None) -> tuple[World, str]:
    """The formulas of a world (a directory, or a name under the data directory) or, where there is none of that name,
    of a scenario nothing was generated of; and which of the two it is. Raises `BadInput`."""
    if world_path(reference).is_dir() and not is_scenario_file(reference):
        if sets or seed is not None:
            raise BadInput(
                f"{reference} is a world, whose scenario is what it was made by; --set and --seed are for the name of "
                "a scenario."
            )
        dataset = Dataset.open(reference)
        return world_of(dataset), f"world {dataset.path}"
    known = scenario_files()
    if not is_scenario_file(reference) and reference not in known:
        worlds = [entry.name for entry in complete_directories(data_dir())]
        close = did_you_mean(reference, {*known, *worlds})
        raise BadInput(f'there is no world and no scenario "{reference}".{close}')
    return build(load_scenario(reference, sets=sets, seed=seed)), f"scenario {reference}"


def is_scenario_file(reference: str) -> bool:
    """Whether a reference names a file that a scenario is read from."""
    return reference.endswith((".toml", ".json"))


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


def about_user(world: World, user: int, day: int = 0) -> dict[str, Any]:
    """Who a user is on a day of the world, and whether an adversary."""
    check_user(world, user)
    found = judging.person(world.rules, world.catalogue, user, day)
    here = found.arrives <= day < found.leaves
    mean = found.sessions_per_day * float(world.rules.day_share[day]) * here
    shares = np.diff(world.rules.interest_under, prepend=0) / 2.0**32
    row = world.adversaries.find(user)
    return {
        "user_id": user,
        "tenant": world.tenants[found.tenant],
        "region": list(world.scenario.users.regions)[found.region],
        "timezone_minutes": found.offset_minutes,
        "device": DEVICES[found.device],
        "joins": world.label(found.arrives) if found.arrives else None,
        "leaves": world.label(found.leaves) if found.leaves < world.rules.days else None,
        "sessions_per_day": _short(found.sessions_per_day),
        "sessions_that_day": _short(mean) if row is None else None,
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


def about_choice(world: World, user: int, product: int, at: tuple[int, int], size: int | None) -> dict[str, Any]:
    """What a user thinks of a product at a moment (day, ms), and how likely each step towards buying it is.

    `size` products on a page, the scenario's if None. For an account that is no customer the steps are null: it does
    not choose.
    """
    day, ms = at
    who = judging.person(world.rules, world.catalogue, user)
    catalogue = judging.catalogue_on(world, day)
    leaf = int(world.traits.category[product])
    slots, _ = judging.category_slots(world, day, leaf)
    slot = judging.slots_of(catalogue, np.array([product]))
    found = judging.terms(world.rules, catalogue, np.full(len(slots), user, np.int64), slots, day)
    place = int(np.flatnonzero(slots == slot)[0])
    sold = openings.is_sold(catalogue, slots)
    better = sold & (found.utility > found.utility[place])
    page = size or world.scenario.behaviour.consideration
    shelf = world.catalogue.tenant_start
    steps: dict[str, float | None] = dict.fromkeys(_STEPS)
    if world.adversaries.find(user) is None:
        steps = _steps(world, user, (leaf, place), at, page)
    return {
        "sold_that_day": bool(sold[place]),
        "in_stock": bool(openings.on_sale(catalogue, slot, ms)[0]),
        **_row(found, place),
        "best_in_category": int(better.sum()) + 1 if sold[place] else None,
        "products_in_category": int(sold.sum()),
        "same_tenant": bool(shelf[who.tenant] <= leaf < shelf[who.tenant + 1]),
        "page": page,
        **steps,
    }


_STEPS = (
    "habit", "category", "choose_given_category", "session_opens", "cart_given_view", "purchase_given_cart",
    "purchase_given_view", "session_opens_and_buys",
)  # fmt: skip


def _steps(world: World, user: int, where: tuple[int, int], at: tuple[int, int], page: int) -> dict[str, float | None]:
    """The chances of a session that opens at a moment; `where` is a category and a position among its slots."""
    (leaf, place), (day, ms) = where, at
    catalogue = judging.catalogue_on(world, day)
    slots, _ = judging.category_slots(world, day, leaf)
    some = slots[place : place + 1]
    opens = openings.opening(world, user, day)
    habit = float(opens.by_habit(some)[0])
    chosen = float(openings.listed_chance(world, user, leaf, day, ms, page)[place])
    category = float(opens.categories[leaf])
    found = judging.terms(world.rules, catalogue, np.array([user]), some, day)
    in_stock = bool(openings.on_sale(catalogue, some, ms)[0])
    cart = float(judging.cart_probability(world.rules, found)[0]) * in_stock
    purchase = float(judging.purchase_probability(world.rules, found)[0])
    first = habit + opens.listed * category * chosen
    steps = (habit, category, chosen, first, cart, purchase, cart * purchase, first * cart * purchase)
    return {name: _short(value) for name, value in zip(_STEPS, steps, strict=True)}


def about_slate(
    world: World, user: int, products: list[int], at: tuple[int, int], examination: float
) -> list[dict[str, Any]]:
    """The products of a slate, best place first, and the chance that each is taken if one is: odds e^U (1/rank)^η, 0
    for what is not sold that day or out of stock at that moment."""
    day, ms = at
    for product in products:
        check_product(world, product)
    if len(set(products)) < len(products):
        raise BadInput("a slate holds a product once; leave the repeated ones out.")
    catalogue = judging.catalogue_on(world, day)
    slots = judging.slots_of(catalogue, np.array(products, np.int64))
    found = judging.terms(world.rules, catalogue, np.full(len(products), user, np.int64), slots, day)
    here = openings.on_sale(catalogue, slots, ms)
    odds = judging.slate_odds(found.utility, examination) * here
    cart = judging.cart_probability(world.rules, found) * here
    purchase = judging.purchase_probability(world.rules, found)
    return [
        {
            "rank": k + 1,
            "product_id": product,
            "in_stock": bool(here[k]),
            **_row(found, k),
            "cart_given_view": _short(cart[k]),
            "purchase_given_cart": _short(purchase[k]),
            "choose_given_slate": _short(odds[k] / odds.sum()) if here.any() else None,
        }
        for k, product in enumerate(products)
    ]


def _row(found: Terms, k: int) -> dict[str, Any]:
    return {
        "affinity": _short(found.affinity[k]),
        "utility": _short(found.utility[k]),
        "terms": {name: _short(getattr(found, name)[k]) for name in ("taste", "quality", "price", "popularity")},
    }


def _short(value: float) -> float:
    return float(f"{float(value):.{_DIGITS}g}")

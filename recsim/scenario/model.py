"""A scenario: one validated, frozen tree that says what to simulate. The world is a function of it and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from pydantic import Field

from recsim.scenario.adversaries import Adversaries
from recsim.scenario.demand import Capacity
from recsim.scenario.loop import Loop
from recsim.scenario.section import Section
from recsim.scenario.shop import Shop
from recsim.scenario.system import Evaluation, Gateway, Ranking, Requests, Search, Stores, Stream, Training
from recsim.scenario.words import Queries, Reviews
from recsim.scenario.world import Behaviour, Calendar, Layout, Products, Transport, Users

WORLD_SECTIONS = (
    "seed", "calendar", "users", "products", "behaviour", "queries", "reviews", "adversaries", "transport", "layout",
)  # fmt: skip
"""The parts a generated world depends on; the others may change without making it again."""


class Scenario(Section):
    """The whole input. A file holds what differs from `extends`; the defaults are here."""

    name: str = Field("unnamed", pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="name, from the file")
    description: str = Field("", description="one sentence")
    profile: str | None = Field(None, description="profile whose model values stand in place of the defaults")
    seed: int = Field(1, ge=0, lt=2**32, description="of every random stream")
    calendar: Calendar = Calendar()
    users: Users = Users(count=100_000)
    products: Products = Products()
    behaviour: Behaviour = Behaviour()
    queries: Queries = Queries()
    reviews: Reviews = Reviews()
    adversaries: Adversaries = Adversaries()
    transport: Transport = Transport()
    layout: Layout = Layout()
    stream: Stream = Stream()
    stores: Stores = Stores()
    gateway: Gateway = Gateway()
    ranking: Ranking = Ranking()
    search: Search = Search()
    shop: Shop = Shop()
    training: Training = Training()
    requests: Requests = Requests()
    loop: Loop = Loop()
    evaluation: Evaluation = Evaluation()
    capacity: Capacity = Capacity()

    def resolved(self) -> dict[str, Any]:
        """The whole tree as plain JSON values."""
        return self.model_dump(mode="json")

    def world_hash(self) -> str:
        """sha256 of the parts a world depends on."""
        tree = self.resolved()
        return digest({key: tree[key] for key in WORLD_SECTIONS})

    def hash(self) -> str:
        """sha256 of the whole tree."""
        return digest(self.resolved())


def digest(tree: Any) -> str:  # noqa: ANN401 - any JSON value
    """sha256 of a JSON value in canonical form (sorted keys, no spaces)."""
    return hashlib.sha256(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)).hexdigest()

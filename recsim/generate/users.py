"""The users of a partition, as the table everyone reads and as the truth nobody may."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import vocabulary
from recsim.behaviour.adversaries import KINDS
from recsim.behaviour.catalogue import USER_SCALE
from recsim.behaviour.kernel import kernel
from recsim.behaviour.people import activity_of, introduce, weights_of
from recsim.behaviour.quantiles import at
from recsim.behaviour.text import pick
from recsim.behaviour.world import World
from recsim.generate import sink
from recsim.rng import draw, stream_id, users_of
from recsim.schema.tables import DEVICES, User
from recsim.schema.truth import Adversary, UserTaste

_AGE = stream_id("user/age")
_BATCH = 1 << 17


class People(NamedTuple):
    """Columns of n users: codes, minutes, years; `interests` (n, k), `taste` int16 (n, D), weights (n, 3)."""

    tenant: NDArray[np.int8]
    region: NDArray[np.int8]
    device: NDArray[np.int8]
    offset: NDArray[np.int16]
    age: NDArray[np.int16]
    interests: NDArray[np.int64]
    matches: NDArray[np.int64]
    taste: NDArray[np.int16]
    weights: NDArray[np.float32]


def write(world: World, out: Path, partition: int) -> None:
    """`users` and `truth/users` of a partition."""
    ids = users_of(partition, world.rules.partitions, world.users)
    name = f"part-{partition:04d}.parquet"
    if world.rules.hostile:
        write_adversaries(world, out, partition)
    with sink.part(out / "users" / name, User) as users, sink.part(out / "truth/users" / name, UserTaste) as truth:
        for low in range(0, len(ids), _BATCH):
            batch = ids[low : low + _BATCH]
            people = describe(world, batch)
            users.write_batch(_public(world, batch, people))
            truth.write_batch(_truth(world, batch, people))


def write_adversaries(world: World, out: Path, partition: int) -> None:
    """`truth/adversaries` of a partition, where the world has any."""
    rows = world.adversaries.of(partition).rows
    user, kind, ring, _, review, _, day, from_ms, _ = rows.T

    def known(values: NDArray[np.int64]) -> pa.Array:
        return pa.array(values, mask=values < 0)

    columns = {
        "user_id": user,
        "kind": sink.category(kind.astype(np.int8), KINDS),
        "ring": known(ring),
        "target_review_id": known(review),
        "target_product_id": known(world.adversaries.target_product(rows)),
        "day": known(day),
        "from_ms": known(from_ms),
        "to_ms": known(np.where(from_ms >= 0, from_ms + world.adversaries.burst_ms, -1)),
    }
    sink.write(
        out / f"truth/adversaries/part-{partition:04d}.parquet", Adversary, sink.table(Adversary, columns, len(user))
    )


def describe(world: World, ids: NDArray[np.int64]) -> People:
    """Everything about some users."""
    count, kept = len(ids), len(world.rules.interest_under)
    people = People(
        tenant=np.empty(count, np.int8),
        region=np.empty(count, np.int8),
        device=np.empty(count, np.int8),
        offset=np.empty(count, np.int16),
        age=np.empty(count, np.int16),
        interests=np.empty((count, kept), np.int64),
        matches=np.empty(kept, np.int64),
        taste=np.zeros((count, world.catalogue.mean.shape[1]), np.int16),
        weights=np.empty((count, 3), np.float32),
    )
    _describe(world.rules, world.catalogue, ids, people)
    return people


@kernel
def _describe(rules, catalogue, ids, people):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(ids.shape[0]):
        user = ids[i]
        tenant, region, offset, device = introduce(
            rules, catalogue, user, np.int64(0), people.taste[i], people.interests[i], people.matches
        )
        people.tenant[i], people.region[i], people.offset[i], people.device[i] = tenant, region, offset, device
        word, _, _, _ = draw((rules.seed, _AGE), user, 0)
        people.age[i] = np.int16(min(max(np.float32(38.0) + np.float32(13.0) * at(rules.normal, word), 16.0), 90.0))
        people.weights[i, 0] = activity_of(rules, user)
        people.weights[i, 1], people.weights[i, 2] = weights_of(rules, user)


def _public(world: World, ids: NDArray[np.int64], people: People) -> pa.RecordBatch:
    departments = list(vocabulary.DEPARTMENTS)
    top = people.interests % len(departments)
    fresh = np.ones(top.shape, bool)
    for k in range(1, top.shape[1]):
        fresh[:, k] = (top[:, :k] != top[:, k : k + 1]).all(axis=1)
    columns = {
        "user_id": ids,
        "tenant": sink.category(people.tenant, world.tenants),
        "region": sink.category(people.region, list(world.scenario.users.regions)),
        "device": sink.category(people.device, DEVICES),
        "age": people.age,
        "segments": sink.lists(fresh.sum(axis=1), pick(departments, top[fresh])),
        "timezone_minutes": people.offset,
    }
    return sink.table(User, columns, len(ids))


def _truth(world: World, ids: NDArray[np.int64], people: People) -> pa.RecordBatch:
    taste = people.taste[:, : world.rules.dimensions].astype(np.float32) / np.float32(USER_SCALE)
    kept = people.interests.shape[1]
    columns = {
        "user_id": ids,
        "taste": sink.vectors(taste),
        "sessions_per_day": people.weights[:, 0],
        "price_sensitivity": people.weights[:, 1],
        "conformity": people.weights[:, 2],
        "interests": sink.lists(np.full(len(ids), kept), pa.array(people.interests.ravel())),
    }
    return sink.table(UserTaste, columns, len(ids))

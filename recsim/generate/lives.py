"""When products entered the catalogue, and who was there before the world began."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.kernel import kernel
from recsim.behaviour.people import life_of
from recsim.behaviour.world import World
from recsim.rng import words

_LOOKED_AT = 64


def created_s(world: World, products: NDArray[np.int64]) -> NDArray[np.int64]:
    """When products entered the catalogue, in seconds from the begin of the world: at a midnight of it, or before it at
    any second of a day."""
    born = world.traits.born[products].astype(np.int64)
    word = words(world.scenario.seed, "product/details", products.astype(np.uint64))[:, 3]
    return np.asarray(born * 86_400 + np.where(born < 0, word % 86_400, 0), np.int64)


def there_before(world: World, users: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of some users, or the next one after him who did not join during the world."""
    out = np.empty(len(users), np.int64)
    _there_before(world.rules, np.ascontiguousarray(users, np.int64), out)
    return out


@kernel
def _there_before(rules, users, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(users.shape[0]):
        out[i] = users[i]
        for step in range(_LOOKED_AT):
            user = (users[i] + step) % rules.users
            arrives, _ = life_of(rules, user)
            if arrives == 0:
                out[i] = user
                break

"""Random numbers: the published known answers, and the laws every draw relies on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim import rng

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "counter", "answer"),
    [
        ((0, 0), (0, 0, 0, 0), (0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48)),
        ((ONES, ONES), (ONES, ONES, ONES, ONES), (0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662)),
        (
            (0xA4093822, 0x299F31D0),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0x4DFCCABA, 0x190A87F0, 0xC47362BA, 0xB6B5242A),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(key: tuple, counter: tuple, answer: tuple) -> None:
    words = rng.philox(*(np.uint32(word) for word in (*key, *counter)))
    assert tuple(int(word) for word in words) == answer


def test_a_draw_does_not_depend_on_the_entities_beside_it() -> None:
    all_at_once = rng.words(7, "some/stream", np.arange(100, dtype=np.uint64))
    alone = rng.words(7, "some/stream", np.array([42], np.uint64))
    assert (all_at_once[42] == alone[0]).all()


def test_streams_and_seeds_are_different_sequences() -> None:
    entity = np.arange(1000, dtype=np.uint64)
    drawn = [rng.words(seed, stream, entity) for seed in (1, 2) for stream in ("a", "b")]
    assert len({words.tobytes() for words in drawn}) == 4


def test_uniforms_and_normals_have_their_moments() -> None:
    entity = np.arange(200_000, dtype=np.uint64)
    u, z = rng.uniforms(1, "u", entity), rng.normals(1, "z", entity, 4)
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 0.002
    assert abs(z.mean()) < 0.004
    assert abs(z.std() - 1) < 0.004


@settings(deadline=None)  # the first call compiles
@given(partitions=st.integers(1, 300), users=st.integers(0, 5000))
def test_every_user_is_in_exactly_one_partition_and_is_counted_off_there(partitions: int, users: int) -> None:
    ids = np.arange(users, dtype=np.int64)
    where = rng.partition_of(ids, partitions)
    assert ((where >= 0) & (where < partitions)).all()
    for partition in {0, partitions // 2, partitions - 1}:
        assert (rng.users_of(partition, partitions, users) == ids[where == partition]).all()


def test_partitions_differ_by_at_most_one_user_and_neighbours_live_apart() -> None:
    where = rng.partition_of(np.arange(100_003, dtype=np.int64), 16)
    sizes = np.bincount(where)
    assert sizes.max() - sizes.min() <= 1
    assert (where[1:] != where[:-1]).all()

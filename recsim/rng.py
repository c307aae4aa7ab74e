"""Random numbers without state: every draw is a pure function of (seed, stream, entity, counter).

The generator is Philox4x32-7 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
the published counter-based generator, with the fewest rounds that its authors found to pass all of BigCrush;
`tests/test_rng.py` holds its known-answer vectors. One call turns a 128-bit counter and a 64-bit key into four
independent 32-bit words. The key is (seed, stream); the counter is (entity,
counter). So any user, day, session or event can be drawn again alone, in any order, by any worker.

`ALGORITHM` goes into every manifest: a change of any draw changes it.
"""

from __future__ import annotations

import zlib

import numpy as np
from numba import njit
from numpy.typing import NDArray

ALGORITHM = "philox4x32-7/2"

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint32(0x9E3779B9)
_W1 = np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ROUNDS = 7
_UNIT = np.float32(1.0 / (1 << 24))
_EIGHT = np.uint32(8)


def stream_id(name: str) -> np.uint32:
    """The number of a named stream (CRC-32 of its name): `stream_id("session/choice")`."""
    return np.uint32(zlib.crc32(name.encode()))


def key_of(seed: int, stream: str) -> tuple[np.uint32, np.uint32]:
    """The Philox key of a stream: the seed in one word, the stream in the other. Seeds run 0 .. 2**32 - 1."""
    return np.uint32(seed & 0xFFFFFFFF), stream_id(stream)


@njit(forceinline=True)
def philox(k0, k1, c0, c1, c2, c3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Four u32 words from a u32×2 key and a u32×4 counter."""
    for _ in range(_ROUNDS):
        p0 = _M0 * np.uint64(c0)
        p1 = _M1 * np.uint64(c2)
        c0 = np.uint32(p1 >> _SHIFT) ^ c1 ^ k0
        c1 = np.uint32(p1 & _LOW)
        c2 = np.uint32(p0 >> _SHIFT) ^ c3 ^ k1
        c3 = np.uint32(p0 & _LOW)
        k0 = np.uint32(k0 + _W0)
        k1 = np.uint32(k1 + _W1)
    return np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)


@njit(forceinline=True)
def draw(key, entity, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Four u32 words of `key` for a u64 entity and a u64 counter."""
    e = np.uint64(entity)
    c = np.uint64(counter)
    return philox(
        key[0], key[1], np.uint32(e & _LOW), np.uint32(e >> _SHIFT), np.uint32(c & _LOW), np.uint32(c >> _SHIFT)
    )


@njit(forceinline=True)
def unit(word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """A u32 word as a float32 in [0, 1): the 24 high bits, exactly representable."""
    return np.float32(word >> _EIGHT) * _UNIT


@njit(cache=True)
def _fill(k0, k1, entities, counter, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(entities.shape[0]):
        a, b, c, d = draw((k0, k1), entities[i], counter)
        out[i, 0] = a
        out[i, 1] = b
        out[i, 2] = c
        out[i, 3] = d


def words(seed: int, stream: str, entities: NDArray[np.uint64], counter: int = 0) -> NDArray[np.uint32]:
    """Four u32 words for each of n entities: shape (n, 4)."""
    out = np.empty((len(entities), 4), np.uint32)
    k0, k1 = key_of(seed, stream)
    _fill(k0, k1, np.ascontiguousarray(entities, np.uint64), np.uint64(counter), out)
    return out


def uniforms(seed: int, stream: str, entities: NDArray[np.uint64], counter: int = 0) -> NDArray[np.float32]:
    """Four float32 in [0, 1) for each of n entities: shape (n, 4)."""
    return (words(seed, stream, entities, counter) >> _EIGHT).astype(np.float32) * _UNIT


def normals(seed: int, stream: str, entities: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """`count` standard normals for each of n entities, by Box and Muller's transform (1958): shape (n, count)."""
    out = np.empty((len(entities), count + (-count) % 4), np.float32)
    for block in range(0, out.shape[1], 4):
        u = uniforms(seed, stream, entities, block // 4).astype(np.float64)
        radius = np.sqrt(-2.0 * np.log1p(-u[:, 0::2]))
        angle = 2.0 * np.pi * u[:, 1::2]
        out[:, block : block + 4 : 2] = radius * np.cos(angle)
        out[:, block + 1 : block + 4 : 2] = radius * np.sin(angle)
    return out[:, :count]


@njit(forceinline=True)
def mix32(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """A u64 hashed to u32 (the splitmix64 finaliser, Steele, Lea and Flood 2014): spreads dense ids."""
    z = np.uint64(value) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint32((z ^ (z >> np.uint64(31))) >> _SHIFT)


@njit(forceinline=True)
def user_at(block, partition, partitions):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The user of each `partitions` consecutive ones who lives in `partition`: the inverse of `partition_of`."""
    return block * partitions + partition


def partition_of(users: NDArray[np.int64], partitions: int) -> NDArray[np.int32]:
    """The log partition (0 .. partitions - 1) of each user (0 upwards): the remainder of the user's number.

    So partitions differ by at most one user, neighbours live apart, the users of one partition can be counted off
    without looking at the others, and numbers of one partition are small where they differ, which stores well. Nothing
    about a user follows from the remainder: everything is drawn from a hash of the number.
    """
    return (users % partitions).astype(np.int32)


def users_of(partition: int, partitions: int, users: int) -> NDArray[np.int64]:
    """The users (of ids 0 .. users - 1) of a partition, ascending."""
    return np.arange(partition, users, partitions, dtype=np.int64)

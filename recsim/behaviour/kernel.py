"""How the kernels of the behaviour and of the generator are compiled, and where the machine code is kept.

Kernels take their arrays in named tuples. Numba counts references of every array it takes out of a tuple, with atomic
instructions that cost twenty times the work around them (230 ns against 10 ns for appending an event, measured). The
callers own all arrays and the kernels allocate none, so the counting is switched off: `_nrt=False` is numba's own flag
for code that does not use its run-time memory manager.

Numba's cache looks at the file of a kernel only, not at the files of the steps compiled into it: after a change of a
step the old machine code would go on making the old world. So the cache stands in a folder named by a hash of all
sources a kernel can contain, comments and docstrings left out.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_ROOM = Path(__file__).resolve().parent
_WORDS = {
    "aspects",
    "queries",
    "reviews",
    "spelling",
    "synonyms",
    "text",
    "vocabulary",
    "wanted",
    "judging",
    "opening",
    "pages",
    "utility",
    "adversaries",
    "memory",
}
"""Files of this room that no kernel takes anything from; a change of a word need not compile anything again."""

_SOURCES = [
    *(path for path in sorted(_ROOM.glob("*.py")) if path.stem not in _WORDS),
    *(path for path in sorted((_ROOM.parent / "generate").glob("*.py")) if b"@kernel" in path.read_bytes()),
    _ROOM.parent / "rng.py",
]


def _meaning(source: bytes) -> bytes:
    """A source without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = None
    return ast.dump(tree).encode()


def _folder() -> str:
    """Where machine code is kept: in the package, or where that is read-only in the user's cache."""
    digest = hashlib.sha256(b"".join(_meaning(path.read_bytes()) for path in _SOURCES)).hexdigest()[:16]
    own = os.environ.get("NUMBA_CACHE_DIR") or str(_ROOM / "__pycache__")
    for home in (own, os.environ.get("XDG_CACHE_HOME") or "~/.cache"):
        folder = Path(home).expanduser() / f"recsim-kernels-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return ""


FOLDER = _folder()
"""The folder of the machine code; empty where none can be written."""


def _compiled(function: Callable[..., Any], **options: bool) -> Any:  # noqa: ANN401 - a numba dispatcher
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = FOLDER
    try:
        return numba.njit(_nrt=False, **options)(function)
    finally:
        numba.config.CACHE_DIR = before


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - a numba dispatcher
    """A loop called from Python. It must not allocate. An argument that has a `packed` form is passed in that form."""
    compiled = _compiled(function, cache=bool(FOLDER), no_cfunc_wrapper=True)

    @wraps(function)
    def call(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the kernel takes and gives
        return compiled(*(getattr(argument, "packed", argument) for argument in arguments))

    call.compiled = compiled  # type: ignore[attr-defined]
    return call


def inlined(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - a numba dispatcher
    """A step of such a loop, compiled into it, without an entry from Python (a quarter of the compiler's work)."""
    return _compiled(function, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def prefetch(_: Any, array: Any, row: Any) -> Any:  # noqa: ANN401, ARG001 - numba's types
    """Ask for the memory of row `row` of an array: a later look at it need not wait. Any number is allowed."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        found = context.make_array(signature.args[0])(context, builder, values[0])
        stride = builder.extract_value(found.strides, 0)
        address = builder.add(builder.ptrtoint(found.data, ir.IntType(64)), builder.mul(stride, values[1]))
        place = builder.inttoptr(address, cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], kind)
        builder.call(function, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@intrinsic
def copy16(_: Any, source: Any, start: Any, target: Any, at: Any) -> Any:  # noqa: ANN401, ARG001 - numba's types
    """Copy 16 bytes from place `start` of bytes to place `at` of other bytes; neither end is looked after."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        word, sixteen = ir.IntType(64), ir.PointerType(ir.VectorType(ir.IntType(8), 16))
        places = []
        for array, offset in ((0, 1), (2, 3)):
            data = context.make_array(signature.args[array])(context, builder, values[array]).data
            address = builder.add(builder.ptrtoint(data, word), values[offset])
            places.append(builder.inttoptr(address, sixteen))
        builder.store(builder.load(places[0], align=1), places[1], align=1)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), build


@intrinsic
def dot16(_: Any, taste: Any, rows: Any, row: Any, lane: Any) -> Any:  # noqa: ANN401, ARG001 - numba's types
    """The int32 dot product of 16 numbers of an int16 vector from `lane` on with as many of row `row` of int8 rows.

    Spelt out as one vector operation, because the compiler does not find it in a loop of sixteen steps.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        word = ir.IntType(64)
        mine = context.make_array(signature.args[0])(context, builder, values[0])
        theirs = context.make_array(signature.args[1])(context, builder, values[1])
        start = builder.mul(builder.extract_value(theirs.strides, 0), values[2])
        factors = []
        for data, offset, size in (
            (mine.data, builder.mul(values[3], word(2)), ir.IntType(16)),
            (theirs.data, builder.add(start, values[3]), ir.IntType(8)),
        ):
            address = builder.add(builder.ptrtoint(data, word), offset)
            place = builder.inttoptr(address, ir.PointerType(ir.VectorType(size, 16)))
            factors.append(builder.sext(builder.load(place, align=1), ir.VectorType(ir.IntType(32), 16)))
        kind = ir.FunctionType(ir.IntType(32), [ir.VectorType(ir.IntType(32), 16)])
        total = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.add.v16i32")
        return builder.call(total, [builder.mul(*factors)])

    return types.int32(taste, rows, types.int64, types.int64), build

"""A profile as TOML text: the same tree, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def toml(tree: Mapping[str, Any]) -> str:
    """A tree of tables as TOML: plain values first, `values` and everything below `model` and `targets` inside."""
    lines = [f"{key} = {_value(value)}" for key, value in tree.items() if not isinstance(value, Mapping)]
    for group in (key for key, value in tree.items() if isinstance(value, Mapping)):
        for name, table in tree[group].items():
            lines += ["", f"[{group}.{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    return orjson.dumps(value).decode()


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isalnum() and plain.isascii() else orjson.dumps(key).decode()

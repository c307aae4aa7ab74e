"""A resolved scenario written as the TOML a user would write."""

from __future__ import annotations

import re
from typing import Any

import orjson

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(tree: dict[str, Any]) -> str:
    """TOML that reads back as the same tree; keys without a value are left out, TOML having no null."""
    return "\n".join(_section(tree, ())).strip() + "\n"


def _section(tree: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    held = {key: value for key, value in tree.items() if value is not None}
    plain = [f"{_key(key)} = {_value(value)}" for key, value in held.items() if not isinstance(value, dict)]
    head = ["", f"[{'.'.join(_key(key) for key in path)}]"] if path and (plain or not held) else []
    inner = [line for key, value in held.items() if isinstance(value, dict) for line in _section(value, (*path, key))]
    return [*head, *plain, *inner]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    """A JSON string is a TOML string, but for the one control character JSON leaves as it is."""
    return orjson.dumps(text).decode().replace("\x7f", "\\u007f")


def _value(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        held = ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items() if inner is not None)
        return f"{{ {held} }}" if held else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_value(inner) for inner in value if inner is not None)}]"
    if isinstance(value, str):
        return _text(value)
    return repr(value) if isinstance(value, float) else orjson.dumps(value).decode()

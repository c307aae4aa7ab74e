"""Where a `sqlite:` URL puts its database."""

from __future__ import annotations

from pathlib import Path

from recsim.errors import BadInput


def database_file(url: str) -> str:
    """The file of `sqlite:/path/name.db`, or `:memory:` for `sqlite:`; raises `BadInput` where it has no directory."""
    name = url.removeprefix("sqlite:").removeprefix("//")
    if name and not Path(name).parent.is_dir():
        raise BadInput(f"{url}: there is no directory {Path(name).parent}; make it, or use sqlite: for memory.")
    return name or ":memory:"

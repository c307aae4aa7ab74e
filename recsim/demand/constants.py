"""The constants of a scenario as arrays, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]
"""A figure in many trials at once: shape (trials,), or () for one trial."""


class Constants:
    """`constants.pages_per_session` is that constant in every trial; an unknown name is an AttributeError."""

    def __init__(self, amounts: Mapping[str, Any]) -> None:
        self._amounts = amounts

    def __getattr__(self, name: str) -> Amounts:
        try:
            amounts: Amounts = self._amounts[name]
        except KeyError:
            raise AttributeError(f"capacity has no constant {name}") from None
        return amounts

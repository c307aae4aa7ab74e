"""One line of an audit: what a design says, what the arithmetic says, and who is right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recsim.capacity.design import Verdict, verdict, written
from recsim.capacity.forecast import significant


@dataclass(frozen=True)
class AuditLine:
    """`ratio` is claimed over computed. Figures are None for a line that claims none, such as a contradiction."""

    section: str
    line: str
    claimed: str
    computed: str
    claimed_value: float | None
    computed_value: float | None
    unit: str
    ratio: float | None
    verdict: Verdict
    reason: str

    def row(self) -> dict[str, Any]:
        return asdict(self)


def numeric(
    section: str,
    line: str,
    claimed: tuple[str, float],
    computed_value: float,
    unit: str,
    reason: str,
    *,
    otherwise: Verdict = "wrong",
    always: bool = False,
) -> AuditLine:
    """A line with a figure on both sides. A ratio near one is right, unless `always` says what else is the matter."""
    said, figure = claimed
    ratio = significant(figure / computed_value) if computed_value else None
    judged = otherwise if always else verdict(ratio, otherwise)
    computed_value = significant(computed_value)
    computed = written(computed_value, unit)
    return AuditLine(section, line, said, computed, figure, computed_value, unit, ratio, judged, reason)


def spanned(
    section: str, line: str, claimed: tuple[str, float, float], computed: tuple[float, float], unit: str, reason: str
) -> AuditLine:
    """A line that claims an interval: right where both ends are. Its figures are the upper ends."""
    said, low, high = claimed
    judged: Verdict = "right" if all(map(_close, (low, high), computed)) else "wrong"
    shown = f"{written(computed[0], unit)} to {written(computed[1], unit)}"
    ratio = significant(high / computed[1])
    return AuditLine(section, line, said, shown, high, significant(computed[1]), unit, ratio, judged, reason)


def spoken(section: str, line: str, claimed: str, computed: str, judged: Verdict, reason: str) -> AuditLine:
    """A line without a figure."""
    return AuditLine(section, line, claimed, computed, None, None, "", None, judged, reason)


def _close(claimed: float, computed: float) -> bool:
    return verdict(claimed / computed, "wrong") == "right"

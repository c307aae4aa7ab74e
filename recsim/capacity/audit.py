"""The audit: the design's own figures, recomputed line by line in the design's order."""

from __future__ import annotations

from typing import Any

from recsim.capacity.audit_line import AuditLine
from recsim.capacity.audit_summary import summary_lines
from recsim.capacity.audit_tables import scaled_lines, table_lines
from recsim.capacity.audit_words import word_lines
from recsim.capacity.design import CLAIMS, table_rows
from recsim.capacity.forecast import Forecast, significant
from recsim.units import human_count

COLUMNS = {"10m": "10 million users, 100K products", "100m": "100 million users, 1 million products"}


def audit_rows(first: Forecast, second: Forecast) -> list[dict[str, Any]]:
    """The `audit` of a plan: scope, deep dive and flows, summary, tables, what is missing."""
    lines = [*word_lines(first), *summary_lines(first), *table_lines(first), *scaled_lines()]
    lines += [*_column_lines(first, second), _missing(first)]
    return [line.row() for line in lines]


def _column_lines(first: Forecast, second: Forecast) -> list[AuditLine]:
    """Every row of the design's final table, both columns, against the computed figure."""
    lines = []
    for claim, row in zip(CLAIMS, table_rows(first, second), strict=False):
        for key, name in COLUMNS.items():
            column = row[key]
            lines.append(
                AuditLine(
                    section=f"final table, {name}",
                    line=f"{claim.row}: {column['claimed']}",
                    claimed=column["claimed"],
                    computed=column["computed"],
                    claimed_value=column["claimed_value"],
                    computed_value=column["computed_value"],
                    unit=column["unit"],
                    ratio=column["ratio"],
                    verdict=column["verdict"],
                    reason=claim.reason,
                )
            )
    return lines


def _missing(first: Forecast) -> AuditLine:
    requests = float(first.amounts("traffic", "requests, event peak")[0])
    events = float(first.amounts("traffic", "events per day")[0])
    usd = float(first.amounts("cost", "total")[0])
    return AuditLine(
        "final table",
        "traffic, event log, stream, features, vectors, edge, inventory, gateway, push, training, cost",
        "nothing",
        f"{human_count(requests)} requests/s, {human_count(events)} events/day, ${human_count(usd)} a year",
        None,
        significant(requests),
        "requests/s",
        None,
        "missing",
        "10 million daily users enter no calculation of the design; what they drive costs the most",
    )

"""Columns that many tables share."""

from __future__ import annotations

from typing import Annotated

from recsim.schema.columns import Column

Id = Annotated[int, Column("int64", "id of the row, unique in the world", "split")]
UserId = Annotated[int, Column("int64", "the user", "split")]
ProductId = Annotated[int, Column("int64", "the product", "split")]
SessionId = Annotated[int, Column("int64", "the session", "split")]
Timestamp = Annotated[int, Column("timestamp", "when it happened, µs since 1970 UTC", "noise")]
Key = Annotated[str | None, Column("string", "the id in the log it was imported from; null in a synthetic world")]
Tenant = Annotated[str, Column("category", "the tenant it belongs to", "dictionary")]

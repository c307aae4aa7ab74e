"""How often people search, and with how many words."""

from __future__ import annotations

import polars as pl

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import SEARCH, Piece
from recsim.fidelity.sketch import Sketch


class QueryWords:
    """Words of a query."""

    about = About("query_words", "counts", "marginal", "words")

    def __init__(self, context: Context) -> None:
        self._world = context.world

    def add(self, piece: Piece) -> None:
        """Texts are in the table of queries."""

    def finish(self, limits: Limits) -> Measured:
        sketch = Sketch(whole=True)
        for file in self._world.files("queries"):
            words = pl.read_parquet(file, columns=["text"])["text"].str.strip_chars().str.split(" ").list.len()
            sketch.add(words.to_numpy())
        return distribution(self.about, sketch, limits, "the world has no queries")


class Searches:
    """Searches of a session with any event, and the share of sessions that search."""

    about = About("searches", "rates", "marginal", "per session")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._searches, self._searching, self._sessions = 0, 0, 0

    def add(self, piece: Piece) -> None:
        found = piece.of(SEARCH)
        self._searches += len(found)
        self._searching += len(found.starts)
        self._sessions += len(piece.starts)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if not self._searches:
            return untold(self.about, "the log has no searches")
        values = {
            "per_session": self._searches / self._sessions,
            "session_share": self._searching / self._sessions,
        }
        return told(self.about, values, self._sessions)

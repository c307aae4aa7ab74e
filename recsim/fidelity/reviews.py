"""Reviews: stars, words, votes, and how they spread over products and users. Read a file at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import Piece
from recsim.fidelity.sketch import Sketch

NO_REVIEWS = "the world has no reviews"
STAR_NAMES = ("one_share", "two_share", "three_share", "four_share", "five_share")


def columns_of(context: Context, *names: str) -> Iterator[pl.DataFrame]:
    """Columns of the reviews, a file at a time."""
    for file in context.world.files("reviews"):
        yield pl.read_parquet(file, columns=list(names))


class Stars:
    """Stars of reviews: mean, deviation, median, and the share of each."""

    about = About("stars", "rates", "marginal", "stars")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Stars are in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        counts = np.zeros(5, np.int64)
        moments = np.zeros(2)
        for frame in columns_of(self._context, "stars"):
            stars = frame["stars"].to_numpy().astype(np.float64)
            moments += [stars.sum(), (stars**2).sum()]
            counts += np.bincount(np.clip(np.ceil(stars), 1, 5).astype(np.int64) - 1, minlength=5)
        total = int(counts.sum())
        if not total:
            return untold(self.about, NO_REVIEWS)
        mean = float(moments[0] / total)
        values = {
            "mean": mean,
            "sd": float(np.sqrt(max(moments[1] / total - mean**2, 0))),
            "p50": float(np.searchsorted(np.cumsum(counts), total / 2) + 1),
        }
        shares = {name: float(n / total) for name, n in zip(STAR_NAMES, counts, strict=True)}
        return told(self.about, {**values, **shares}, total)


class ReviewWords:
    """Words of a review's body."""

    about = About("review_words", "counts", "marginal", "words")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Texts are in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:
        sketch = Sketch(whole=True)
        for frame in columns_of(self._context, "text"):
            words = frame["text"].drop_nulls().str.count_matches(r"\S+")
            sketch.add(words.filter(words > 0).to_numpy())
        return distribution(self.about, sketch, limits, "no review has a text")


class HelpfulVotes:
    """Helpful votes of a review, where the log holds totals."""

    about = About("helpful_votes", "counts", "marginal", "votes")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Totals are in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:
        sketch = Sketch(whole=True)
        for frame in columns_of(self._context, "up_votes"):
            sketch.add(frame["up_votes"].drop_nulls().to_numpy())
        found = distribution(self.about, sketch, Limits(0, limits.most), "no review has a total of votes")
        if not found.values:
            return found
        kept = {name: found.values[name] for name in ("p90", "p95", "p99", "mean", "sd")}
        return told(self.about, {"zero_share": sketch.share(0), **kept}, found.count)


class Verified:
    """Reviews by known buyers."""

    about = About("verified", "rates", "marginal", "share of reviews")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """The flag is in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        known, total = 0, 0
        for frame in columns_of(self._context, "verified"):
            told_of = frame["verified"].drop_nulls()
            known, total = known + int(told_of.sum()), total + len(told_of)
        return told(self.about, {"share": known / total}, total) if total else untold(self.about, "no review says it")


class ReviewsPerProduct:
    """Reviews of a product that has any."""

    about = About("reviews_per_product", "counts", "marginal", "reviews")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Products are in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:
        return _spread(self.about, self._context, "product_id", self._context.world.products, limits)


class ReviewsPerUser:
    """Reviews of a user who wrote any."""

    about = About("reviews_per_user", "counts", "marginal", "reviews")

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, piece: Piece) -> None:
        """Users are in the table of reviews."""

    def finish(self, limits: Limits) -> Measured:
        return _spread(self.about, self._context, "user_id", self._context.world.users, limits)


def _spread(about: About, context: Context, column: str, size: int, limits: Limits) -> Measured:
    if not context.world.has("reviews"):
        return untold(about, NO_REVIEWS)
    counts = np.zeros(size, np.int32)
    for frame in columns_of(context, column):
        np.add.at(counts, frame[column].to_numpy(), 1)
    sketch = Sketch(whole=True)
    sketch.add(counts[counts > 0])
    found = distribution(about, sketch, limits, NO_REVIEWS)
    if not found.values:
        return found
    return told(about, {**found.values, "one_share": sketch.share(1)}, found.count, limits=limits)

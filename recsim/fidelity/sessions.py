"""What a session looks like: length, pauses, returns to a product."""

from __future__ import annotations

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, distribution, told, untold
from recsim.fidelity.log import Ints, Piece
from recsim.fidelity.sketch import Sketch

NO_VIEWS = "no session has a view"
VISIT_GAP_S = 1800
"""A longer pause ends a visit: the usual rule of web analytics, and that of the recsim sessionizer."""


class ViewsPerSession:
    """Product views of a session, of those with at least two (as published session logs are cut)."""

    about = About("views_per_session", "counts", "marginal", "views")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._sketch = Sketch(whole=True)

    def add(self, piece: Piece) -> None:
        self._sketch.add(piece.views.lengths)

    def finish(self, limits: Limits) -> Measured:
        limits = Limits(max(2, limits.least), limits.most)
        return distribution(self.about, self._sketch, limits, NO_VIEWS)


class Bounce:
    """Sessions of one product view."""

    about = About("bounce", "rates", "marginal", "share")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._single, self._all = 0, 0

    def add(self, piece: Piece) -> None:
        lengths = piece.views.lengths
        self._single += int((lengths == 1).sum())
        self._all += len(lengths)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if not self._single:
            return untold(self.about, "no session has one view only: the log was cut to longer ones")
        return told(self.about, {"share": self._single / self._all}, self._all)


class Gaps:
    """Seconds from a view to the next of the session, of pauses under half an hour."""

    about = About("gap_s", "values", "marginal", "s")

    def __init__(self, context: Context) -> None:
        self._timed = context.timed
        self._sketch = Sketch(whole=False)

    def add(self, piece: Piece) -> None:
        views = piece.views
        if views.time_us is not None:
            gaps = np.diff(views.time_us)[views.within] / 1e6
            self._sketch.add(gaps[(gaps > 0) & (gaps < VISIT_GAP_S)])

    def finish(self, limits: Limits) -> Measured:
        reason = "no session has two views at different times" if self._timed else "the log has no times"
        return distribution(self.about, self._sketch, limits, reason)


class ReView:
    """Views of a product that the session has seen before, and those of the product just seen; sessions of two up."""

    about = About("re_view", "rates", "marginal", "share of views")

    def __init__(self, context: Context) -> None:
        self._products = context.world.products
        self._again = np.zeros(64, np.int64)
        self._at_once = np.zeros(64, np.int64)
        self._views = np.zeros(64, np.int64)

    def add(self, piece: Piece) -> None:
        views = piece.views
        if not len(views):
            return
        lengths = np.minimum(views.lengths, 63)
        size = lengths[views.owner]
        repeated = repeats(views, self._products)
        at_once = np.concatenate([[False], views.within & (views.product[1:] == views.product[:-1])])
        self._again += np.bincount(size[repeated], minlength=64)
        self._at_once += np.bincount(size[at_once], minlength=64)
        self._views += np.bincount(size, minlength=64)

    def finish(self, limits: Limits) -> Measured:
        least = min(max(2, limits.least), 63)
        views = int(self._views[least:].sum())
        if not views:
            return untold(self.about, "no session has two views")
        again, at_once = int(self._again[least:].sum()), int(self._at_once[least:].sum())
        values = {"share": again / views, "immediate_share": at_once / views}
        steps = max(views - int((self._views[least:] / np.arange(least, 64)).sum()), 1)
        return told(self.about, values, views, limits=Limits(least), extra={"again_per_step": again / steps})


def repeats(views: Piece, products: int) -> np.ndarray:
    """For each view, whether its session has seen the product before."""
    keys: Ints = views.owner * products + views.product
    order = np.argsort(keys, kind="stable")
    repeated = np.zeros(len(keys), bool)
    repeated[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return repeated

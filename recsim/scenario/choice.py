"""The fixed numbers of the choice model, beside its knobs: what the generator draws by and judges hold results against.

The model is written out in `docs/worlds.md`. Change one and every world changes, so the generator's version must too.
"""

from __future__ import annotations

QUALITY_WEIGHT = 0.3
"""Weight of a product's quality in a user's utility."""

INTEREST_DECAY = 0.42
RANDOM_CATEGORY_SHARE = 0.10
"""A session's category: interest k with a share proportional to 0.42**k (0.55, 0.23, 0.10 of three), else any."""

"""Ways to hold something back, one a file; `SPLITS` is what `--split` can name."""

from __future__ import annotations

from recsim.registry import Registry

SPLITS = Registry(
    "split",
    {
        "given": "recsim.evaluate.splits.given:SPLIT",
        "global-time": "recsim.evaluate.splits.global_time:SPLIT",
        "k-fold": "recsim.evaluate.splits.k_fold:SPLIT",
        "leave-last-out": "recsim.evaluate.splits.leave_last_out:SPLIT",
        "next-basket": "recsim.evaluate.splits.next_basket:SPLIT",
        "next-item": "recsim.evaluate.splits.next_item:SPLIT",
        "random": "recsim.evaluate.splits.random:SPLIT",
        "sliding-windows": "recsim.evaluate.splits.sliding_windows:SPLIT",
        "user-time": "recsim.evaluate.splits.user_time:SPLIT",
    },
)

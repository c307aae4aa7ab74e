"""The way of events from the client to the log: a pass over a finished draft, a pure function of (user, day, session).

Most events arrive after a lognormal delay. Of the others each has one fate: lost; dated by a clock that is ahead; held
back for a moment, so that later ones overtake it; late by a second lognormal; or delivered twice. Second deliveries
stand behind all first ones in the draft.
"""

from __future__ import annotations

import numpy as np

from recsim.behaviour import draft as rows
from recsim.behaviour.draft import EVENTS, LOST, LOST_MARK, ODD, ODD_SHIFT, UNIQUE, Draft
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.quantiles import at
from recsim.behaviour.rules import Rules
from recsim.rng import draw, stream_id

_TRANSPORT = stream_id("event/transport")
_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def deliver(draft: Draft, rules: Rules, day: int) -> Draft:
    """Draw when each event of a chunk arrives and what befalls it; the same draft, or a larger one with its rows.

    Call it once, when the chunk is whole: odd events are numbered in the order of the draft.
    """
    total, done = int(draft.counters[EVENTS]), 0
    draft.counters[UNIQUE] = total
    while (done := _deliver(draft, rules, day, done, total)) < total:
        draft = rows.grown(draft, len(draft.events) * 9 // 8 + 1024, len(draft.session))
    return draft


@kernel
def _deliver(draft, rules, day, first, total):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Go on at event `first`; returns the event where room ran out, or the end."""
    fates = rules.fate_under
    for i in range(first, total):
        if draft.counters[EVENTS] == draft.events.shape[0]:
            return i
        session = draft.session[np.int64(draft.events[i, 1] >> _HIGH)]
        number = np.int64(draft.events[i, 2] & _LOW)
        w0, w1, w2, _ = draw((rules.seed, _TRANSPORT), session[0], (day << 48) | (session[3] << 20) | number)
        delay = np.int64(at(rules.delay_ms, w0))
        fate = np.int64(w1)
        draft.events[i, 2] &= ~_LOW
        if fate < fates[4]:
            if fates[1] <= fate < fates[3]:
                delay += np.int64(at(rules.reorder_ms if fate < fates[2] else rules.late_ms, w2))
            else:
                _befall(draft, rules, i, fate, w2, delay)
        draft.events[i, 0] += np.uint64((delay << 32) | delay)
    return total


@inlined
def _befall(draft, rules, i, fate, word, delay):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Lose an event, date it ahead, or deliver it a second time."""
    count = draft.counters
    count[ODD] += 1
    draft.skew[count[ODD]] = 0
    draft.events[i, 2] |= np.uint64(count[ODD] << ODD_SHIFT)
    if fate < rules.fate_under[0]:
        count[LOST] += 1
        draft.events[i, 2] |= LOST_MARK
    elif fate < rules.fate_under[1]:
        draft.skew[count[ODD]] = np.int32(at(rules.future_ms, word))
    else:
        again = delay + 1 + np.int64(at(rules.late_ms, word))
        twin = draft.events[count[EVENTS]]
        twin[0] = draft.events[i, 0] + np.uint64((again << 32) | again)
        twin[1], twin[2] = draft.events[i, 1], draft.events[i, 2]
        count[EVENTS] += 1

"""The way of events from the client to the log: a pass over a finished draft, a pure function of (user, day, number).

Delay: lognormal; a late event waits a second lognormal besides. A duplicate is delivered again later with the same
content; its pair shares a number in the delivery mark (even the first, odd the second; 0 for single ones). Second
deliveries stand behind all first ones in the draft.
"""

from __future__ import annotations

import numpy as np

from recsim.behaviour import draft as rows
from recsim.behaviour.draft import EVENTS, TWICE, Draft
from recsim.behaviour.kernel import kernel
from recsim.behaviour.quantiles import at
from recsim.behaviour.rules import Rules
from recsim.rng import draw, stream_id

_TRANSPORT = stream_id("event/transport")
_LOW16 = np.uint32(0xFFFF)
_HALF = np.uint32(16)
_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def deliver(draft: Draft, rules: Rules, day: int) -> Draft:
    """Draw when each event of a chunk arrives and which arrive twice; the same draft, or a larger one with its rows.

    Call it once, when the chunk is whole: second deliveries are numbered in the order of the draft.
    """
    total = int(draft.counters[EVENTS])
    state = np.array([0, -1, 0], np.int64)
    while _deliver(draft, rules, day, total, state) < total:
        draft = rows.grown(draft, len(draft.events) * 9 // 8 + 1024, len(draft.session))
    return draft


@kernel
def _deliver(draft, rules, day, total, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Go on at `state`: (event, its user, his events so far); returns the event where room ran out, or the end."""
    count = draft.counters
    for i in range(state[0], total):
        user = draft.session[np.int64(draft.events[i, 1] >> _HIGH), 0]
        number = state[2] if user == state[1] else 0
        w0, w1, w2, w3 = draw((rules.seed, _TRANSPORT), user, (day << 32) | number)
        delay = np.int64(at(rules.delay_ms, w0))
        if np.int64(w1 & _LOW16) < rules.late_below:
            delay += np.int64(at(rules.late_ms, w2))
        if np.int64(w1 >> _HALF) < rules.twice_below:
            if count[EVENTS] == draft.events.shape[0]:
                state[0] = i
                return i
            count[TWICE] += 1
            twin = draft.events[count[EVENTS]]
            again = delay + 1 + np.int64(at(rules.late_ms, w3))
            twin[0] = draft.events[i, 0] + np.uint64((again << 32) | again)
            twin[1] = draft.events[i, 1]
            draft.events[i, 2] |= np.uint64(count[TWICE] * 2)
            twin[2] = draft.events[i, 2] | np.uint64(1)
            count[EVENTS] += 1
        draft.events[i, 0] += np.uint64((delay << 32) | delay)
        state[1], state[2] = user, number + 1
    state[0] = total
    return total

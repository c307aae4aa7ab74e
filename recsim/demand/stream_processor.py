"""Stream processor: slots and session state of Flink."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cost, round_up


def demand_stream_processor(load: Load, c: Constants) -> Demand:
    """One core a slot; a session's state lives from its start to the gap after its end."""
    slots = round_up(c.catch_up * load.events_event_rps / c.stream_events_per_s_core)
    state = load.session_starts_event_rps * (load.session_s + c.session_gap_s) * c.session_state_bytes
    quantities = (
        Quantity("slots", slots, "slots", "events/s x catch-up over events/s a core"),
        Quantity("session state", state, "B", "Little's law: starts/s x (duration + gap) x bytes a session"),
        cost(slots * c.vcpu_usd, "a core a slot x price"),
    )
    return Demand("stream_processor", quantities)

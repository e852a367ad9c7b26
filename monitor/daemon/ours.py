"""What our own statements add to what is measured: who needs the tables of a rollback waits behind it.

From the intent on its statements stand in the queue for their locks, and hold them in the end. Sessions of
the application that come after them wait, so times and sessions rise for a moment that the rollback makes.
Told wherever the values are: in alerts, on the page, in `status`. Nothing is decided by it.
"""

from __future__ import annotations

from monitor.core.phases import Phase
from monitor.core.state import WatchState
from monitor.core.thresholds import Policy
from monitor.ports import Json

STALLED = frozenset({"response_time", "query_latency", "connections"})
"""Metrics that rise while sessions wait behind a rollback for a lock."""

BECAUSE = "the rollback waits for its locks or has them: who needs its tables waits for it"


def ours(policy: Policy, state: WatchState) -> tuple[str, ...]:
    """The metrics that are not normal now and may be so because of us."""
    if state.life.phase is not Phase.ROLLING_BACK or not state.life.intent:
        return ()
    tracks = zip(policy.thresholds, state.seen.tracks, strict=True)
    return tuple(
        t.metric
        for t, track in tracks
        if t.metric in STALLED and track.value is not None and not t.is_normal(track.value)
    )


def ours_view(policy: Policy, state: WatchState) -> Json | None:
    """As JSON: which metrics, and the sentence; None where nothing is to be told."""
    found = ours(policy, state)
    if not found:
        return None
    names = " and ".join(found)
    verb = "is" if len(found) == 1 else "are"
    return {"metrics": list(found), "said": f"{names} {verb} in part ours: {BECAUSE}"}

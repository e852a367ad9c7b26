"""Where a watch is, and every move it may make, as one table.

An illegal move raises and changes nothing. `ended` has no way out: a verdict never changes.
"""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    WARMING = "warming"
    WATCHING = "watching"
    AWAITING_APPROVAL = "awaiting_approval"
    ROLLING_BACK = "rolling_back"
    IN_DOUBT = "in_doubt"
    PAUSED = "paused"
    ENDED = "ended"


class Move(StrEnum):
    WARM = "warm"  # warm_up is over
    REQUEST = "request"  # a rollback rule fired in `approve`
    DECIDE = "decide"  # a rule fired in `auto`, or a person approved or asked
    WITHDRAW = "withdraw"  # the streak ended, or the executor gave the decision back
    DOUBT = "doubt"  # a COMMIT's answer was lost
    SETTLE = "settle"  # what became of it is known
    PAUSE = "pause"
    RESUME = "resume"
    REWARM = "rewarm"  # resumed while warm_up still lasts
    END = "end"


class IllegalMove(Exception):
    """A move that the phase does not allow: a bug in the caller, never a remote's doing."""


_P, _M = Phase, Move

TABLE: dict[tuple[Phase, Move], Phase] = {
    (_P.WARMING, _M.WARM): _P.WATCHING,
    (_P.WARMING, _M.DECIDE): _P.ROLLING_BACK,
    (_P.WARMING, _M.PAUSE): _P.PAUSED,
    (_P.WARMING, _M.END): _P.ENDED,
    (_P.WATCHING, _M.REQUEST): _P.AWAITING_APPROVAL,
    (_P.WATCHING, _M.DECIDE): _P.ROLLING_BACK,
    (_P.WATCHING, _M.PAUSE): _P.PAUSED,
    (_P.WATCHING, _M.END): _P.ENDED,
    (_P.AWAITING_APPROVAL, _M.DECIDE): _P.ROLLING_BACK,
    (_P.AWAITING_APPROVAL, _M.WITHDRAW): _P.WATCHING,
    (_P.AWAITING_APPROVAL, _M.PAUSE): _P.PAUSED,
    (_P.AWAITING_APPROVAL, _M.END): _P.ENDED,
    (_P.ROLLING_BACK, _M.WITHDRAW): _P.WATCHING,
    (_P.ROLLING_BACK, _M.DOUBT): _P.IN_DOUBT,
    (_P.ROLLING_BACK, _M.PAUSE): _P.PAUSED,
    (_P.ROLLING_BACK, _M.END): _P.ENDED,
    (_P.IN_DOUBT, _M.SETTLE): _P.ROLLING_BACK,
    (_P.IN_DOUBT, _M.END): _P.ENDED,
    (_P.PAUSED, _M.RESUME): _P.WATCHING,
    (_P.PAUSED, _M.REWARM): _P.WARMING,
    (_P.PAUSED, _M.END): _P.ENDED,
}


def allows(phase: Phase, move: Move) -> bool:
    return (phase, move) in TABLE


def after(phase: Phase, move: Move) -> Phase:
    """The phase that the move leads to. Raises IllegalMove."""
    try:
        return TABLE[phase, move]
    except KeyError:
        raise IllegalMove(f"a watch that is {phase.value} can't {move.value}") from None

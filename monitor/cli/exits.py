"""Exit codes: how a command says to a script what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.events import Verdict

DONE = 0
UNEXPECTED = 1
USAGE = 2
BAD_REHEARSAL = 11
STILL_WATCHING = 14
INTERRUPTED = 130

BY_VERDICT: Mapping[Verdict, int] = {
    Verdict.SUCCEEDED: DONE,
    Verdict.ROLLED_BACK: 10,
    Verdict.RESOLVED_EXTERNALLY: 10,
    Verdict.FAILED: 11,
    Verdict.REFUSED: 11,
    Verdict.UNVERIFIED: 11,
    Verdict.INCONCLUSIVE: 12,
    Verdict.CANCELLED: 13,
}

MEANINGS: Mapping[int, str] = {
    DONE: "done; of `wait`: succeeded",
    UNEXPECTED: "unexpected error, or a database that can't be reached",
    USAGE: "usage, configuration, or a plan refused at registration",
    10: "rolled back (or found to be rolled back by hand: `resolved_externally`)",
    11: "rollback `failed`, `refused` or `unverified`; of `rehearse`: the schema was not restored",
    12: "inconclusive",
    13: "cancelled",
    STILL_WATCHING: "still watching (timeout of `wait`)",
}
"""As the documentation prints them."""

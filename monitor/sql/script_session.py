"""What a script says to its session and its transaction, of which the rollback has its own.

Left out, with a notice: one BEGIN with its COMMIT around it all, and settings that change no result. The
text that is stored, hashed and executed has spaces there, so that every other byte keeps its place.
Pure code, part of which runs in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BRACKETS = {
    "TRANS_STMT_BEGIN": "BEGIN",
    "TRANS_STMT_START": "START TRANSACTION",
    "TRANS_STMT_COMMIT": "COMMIT",
}

NOTHING = "SELECT"
"""Of constants alone."""

OPENING = {"BEGIN", "START TRANSACTION"}

_LIMIT = "the rollback has limits of its own"
_SPEED = "it changes no result; where it is needed for speed, set it for the role of rollback_dsn"
_WORDS = "it changes no result"

LEFT_OUT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "lock_timeout", "statement_timeout", "transaction_timeout", "deadlock_timeout",
            "idle_in_transaction_session_timeout", "idle_session_timeout",
        ),
        _LIMIT,
    ),
    **dict.fromkeys(
        (
            "maintenance_work_mem", "work_mem", "synchronous_commit", "max_parallel_workers_per_gather",
            "max_parallel_maintenance_workers",
        ),
        _SPEED,
    ),
    **dict.fromkeys(("client_min_messages", "log_min_messages", "application_name"), _WORDS),
}  # fmt: skip
"""Settings without which a script does the same, and why ours or the role's hold instead."""

AS_IT_IS: Mapping[str, set[str]] = {
    "client_encoding": {"utf8", "utf-8", "unicode"},
    "standard_conforming_strings": {"on", "true"},
}
"""Settings that dumps begin with, and the value that the session has anyway."""

ROLE = "let rollback_dsn log in as the role that is needed"

WAYS_OUT: Mapping[str, str] = {
    "role": f"changes who executes the rollback: {ROLE}",
    "session_authorization": f"changes who executes the rollback: {ROLE}",
    "search_path": "changes what names mean: write each name with its schema, or give the role of "
    "rollback_dsn that path (ALTER ROLE … IN DATABASE … SET search_path)",
    "session_replication_role": "switches off triggers and keys for all that the session does: "
    "write ALTER TABLE … DISABLE TRIGGER for each that must not fire",
    "TRANSACTION": "changes the rollback's own transaction, which is READ COMMITTED: leave it out",
    "SESSION CHARACTERISTICS": "changes the transactions that execute the rollback: leave it out",
}


def setting(body: Mapping[str, Any]) -> str:
    """In the child: `SET lock_timeout` of one that is left out, else ""."""
    name, verb = str(body.get("name", "")), "RESET" if body.get("kind") == "VAR_RESET" else "SET"
    value = "".join(str(a.get("a_const", {}).get("sval", {}).get("sval", "")) for a in body.get("args", ()))
    same = verb == "SET" and value.lower() in AS_IT_IS.get(name, ())
    return f"{verb} {name}" if name in LEFT_OUT or same else ""


def why_not(body: Mapping[str, Any]) -> str:
    """Why any other may not be in a plan, and the way out."""
    name = str(body.get("name", "ALL"))
    verb = "RESET" if str(body.get("kind", "")).startswith("VAR_RESET") else "SET"
    if name in WAYS_OUT:
        return f"{verb} {name} {WAYS_OUT[name]}"
    way = (
        "leave it out" if name == "ALL" else f"leave it out, or set it for the role (ALTER ROLE … SET {name})"
    )
    return (
        f"{verb} {name} changes the session that executes the rollback, which has settings of its own: {way}"
    )


def bracket(body: Mapping[str, Any]) -> str:
    """In the child: BEGIN, START TRANSACTION or COMMIT without further demands, else ""."""
    odd = body.get("options") or body.get("chain")
    return "" if odd else BRACKETS.get(str(body.get("kind", "")), "")


@dataclass(frozen=True, slots=True)
class Aside:
    """A statement that is left out: which of the script's, what it is, why."""

    index: int
    what: str
    why: str

    def notice(self, line: int) -> str:
        """For the operator."""
        return f"line {line}: {self.what} is omitted from the stored plan: {self.why}"


def left_out(facts: Sequence[Mapping[str, Any]]) -> list[Aside]:
    """What of these statements is left out; the grammar's refusal of any other stays."""
    found = [
        Aside(n, f["aside"], _why(f["aside"]))
        for n, f in enumerate(facts)
        if f["aside"] and f["aside"] not in BRACKETS.values()
    ]
    pair = _pair(facts)
    why = "the rollback brings its own transaction"
    return sorted(found + [Aside(n, facts[n]["aside"], why) for n in pair], key=lambda a: a.index)


def _why(aside: str) -> str:
    if aside == NOTHING:
        return "it reads and changes nothing"
    return LEFT_OUT.get(aside.partition(" ")[2], "the session has that value")


def outside(facts: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    """Statements on the wrong side of the script's one transaction, each with what to do."""
    if not (pair := _pair(facts)):
        return {}
    begin, end = pair
    found = {}
    for n, fact in enumerate(facts):
        if fact["refusal"] or fact["aside"]:
            continue
        transactional = fact["transactional"]
        if transactional and not begin < n < end:
            where = "before the script's BEGIN" if n < begin else "behind the script's COMMIT"
            found[n] = f"it stands {where}, and the rollback is one transaction: move it between the two"
        elif not transactional and begin < n < end:
            found[n] = (
                "it can't run in a transaction, and stands between BEGIN and COMMIT: move it out of them"
            )
    return found


def _pair(facts: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Where the only BEGIN is and the only COMMIT behind it; () when it is not as simple as that."""
    control = [n for n, f in enumerate(facts) if f["control"]]
    if len(control) != 2:
        return ()
    begin, end = control
    whole = facts[begin]["aside"] in OPENING and facts[end]["aside"] == "COMMIT"
    return (begin, end) if whole else ()


def blank(sql: bytes, start: int, end: int) -> bytes:
    """Spaces instead of these bytes, and of the semicolon behind them; ends of lines stay."""
    end += sql[end : end + 1] == b";"
    return sql[:start] + re.sub(rb"[^\r\n]", b" ", sql[start:end]) + sql[end:]

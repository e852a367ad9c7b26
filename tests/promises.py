"""What an operator may rely on, the faults it is proven against, and which tests prove it.

A test says `@pytest.mark.fault(6)` when it injects fault 6 (it then speaks for that fault's promises too),
and `@pytest.mark.promise(4)` when it proves promise 4 without a fault of the matrix.
`python -m tests.promises` rewrites the table of docs/promises.md from the markers;
tests/unit/test_fault_matrix.py holds it. Read from the source: nothing is imported.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/promises.md"
BEGIN, END = "<!-- promises: python -m tests.promises -->", "<!-- /promises -->"

PROMISES: Mapping[int, str] = {
    1: "A transactional rollback takes effect at most once, and exactly once while the database stays"
    " reachable, across any number of daemons, crashes and restarts.",
    2: "No statement of the plan is sent before the decision and its evidence are committed.",
    3: "A statement outside a transaction ends in a verified post-condition or a page; an invalid index is"
    " never reported as success.",
    4: "One try of the rollback waits for locks at most `max_app_stall` in all and holds them at most"
    " `max_locked`, as estimated; nobody is cancelled or terminated unless policy says so; a dead daemon"
    " leaves no DDL in the lock queue for more than 10 s.",
    5: "An unknown outcome of a commit is shown as `in_doubt` and settled from the ledger.",
    6: "It acts only on a writable primary of the registered cluster, over a direct connection.",
    7: "Readiness to roll back is proven again at every poll and exported.",
    8: "No remote peer can block or exhaust the daemon: every read has a deadline and a limit of size.",
    9: "A person's pause or cancel committed before the intent wins; SIGTERM never leaves half a"
    " transactional rollback.",
    10: "Every end and every state it is stuck in alerts; channels that fail never delay a rollback.",
    11: "Data written since the migration is not destroyed unless the operator named it.",
    12: "Only the SQL whose hash was registered is executed.",
    13: "A plan that can't be fully split and classified is refused at registration.",
    14: "It refuses when later changes of the schema depend on what would be removed, or the schema is not"
    " the recorded one.",
    15: "“Rolled back” is said only if the schema is as it was before the migration or, when that was not"
    " recorded, as the plan says and otherwise unchanged; else `unverified`.",
    16: "Missing, stale, malformed or too little data never triggers a rollback and never looks healthy.",
    17: "Clock changes, pauses and restarts can't shorten the 5 minutes, nor lengthen the 24 hours beyond"
    " what they hid.",
    18: "If the decision loop stops, systemd or Kubernetes restarts it and Prometheus sees it.",
    19: "No control without authentication; loopback by default.",
    20: "No secret and no raw remote text in logs, answers or alerts.",
    21: "No lock of a role that may not write the ledger keeps a daemon out: who may act is proven by a row"
    " there. Who takes the daemon's advisory lock without being one is named and paged, and makes `check` and"
    " `/readyz` fail.",
    22: "No transaction of the application dies in a deadlock with a rollback: the rollback loses each one.",
    23: "The time under the lock is estimated with the round trips of this network; a cancel by the daemon's"
    " own cap is tried again, never a verdict.",
    24: "Nothing outside (source, channel, hook, peer) ends the daemon, whatever it raises or sends.",
    25: "Measurements come only from what the application did: several processes behind one address, series"
    " that come and go, partial answers and the daemon's own resolver are no data, never a rate.",
}

FAULTS: Mapping[int, tuple[str, tuple[int, ...]]] = {
    1: (
        "SIGKILL before and after the intent, after each statement, around the ledger row and COMMIT",
        (1, 2),
    ),
    2: ("SIGKILL around a statement outside a transaction", (1, 3)),
    3: ("SIGKILL while waiting for the lock", (1, 4)),
    4: ("random SIGKILL, two daemons, many rounds", (1,)),
    5: ("the leader stopped, another takes over, the leader wakes", (1,)),
    6: ("reset before COMMIT, after COMMIT, or its answer swallowed", (1, 5)),
    7: ("a server that accepts and stays silent", (8,)),
    8: ("the synchronous standby missing at COMMIT", (5,)),
    9: ("SIGTERM during a group, during COMMIT", (1, 9)),
    10: ("PostgreSQL stopped at once and started, during polls and during a group", (1, 6)),
    11: ("promotion; a standby, another cluster or a pooler behind the name", (6,)),
    12: ("all connections taken at the moment of the breach", (7,)),
    13: ("the held connection killed, then saturation", (7,)),
    14: ("a reader idle in transaction, overlapping readers, autovacuum, deadlock", (4, 10)),
    15: ("a role with a statement_timeout of 1 s", (4,)),
    16: ("disk full during salvage", (1, 11)),
    17: ("rights revoked after registration", (7,)),
    18: ("stored text changed", (12,)),
    19: ("a script with COMMIT, COPY, backslash commands, NUL, nothing; a 30,000-term expression", (13, 8)),
    20: ("a later migration added an index, a view", (14,)),
    21: ("the operator rolled back by hand first", (1, 14)),
    22: ("CREATE INDEX CONCURRENTLY cancelled", (3,)),
    23: ("a plan that does not restore the schema", (15,)),
    24: ("writes into the new column before and during the rollback", (11,)),
    25: ("an endpoint that answers 500, refuses, fails TLS or has no name", (16,)),
    26: ("slow-loris, gzip bomb, endless body, 200,000 headers, redirect loop", (8, 16)),
    27: ("NaN, Infinity, negative, string, bool, duplicate keys, deep JSON, BOM, bad UTF-8", (16,)),
    28: ("frozen counters, a cached answer, a counter reset, two replicas behind one URL", (16,)),
    29: ("1 error in 3 requests at night", (16,)),
    30: ("5 % errors for 295 s and for 305 s", (16, 17)),
    31: ("the wall clock set 1 hour back, 1 day forward", (17,)),
    32: ("the daemon stopped for 6 minutes inside a bad period", (17,)),
    33: ("the event loop blocked for 30 s", (17, 18)),
    34: ("Slack or pager down, 429, hanging", (10,)),
    35: ("200 idle sockets on the HTTP port", (8, 19)),
    36: ("a control request without token, with a wrong Host, of another origin", (19,)),
    37: ("secrets in DSNs and URLs on every error path; markup and newlines in remote text", (20,)),
    38: ("24 hours simulated, 100,000 polls", (8,)),
    39: ("restart at 23 h 59", (17,)),
    40: ("pause or cancel racing with the decision", (9,)),
    41: ("a stranger's role takes the advisory lock while the daemon restarts", (21,)),
    42: ("12 tables with keys dropped beside 8 busy sessions", (22,)),
    43: ("20, 80, 400 ms per answer of the database, then fast again", (23, 4)),
    44: (
        "a client certificate demanded over TLS 1.3; plain text after the handshake; what a transport raises",
        (24,),
    ),
    45: (
        "several processes behind one address; series that expire and return; scrapes that fail off and on",
        (25, 16),
    ),
    46: ("the daemon's resolver fails after a restart", (25,)),
    47: ("disk full, then room again within the budget", (1,)),
}
"""Number -> what is done, and the promises it puts to the test."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One test and the numbers on it. `path` is relative to the repository."""

    path: str
    line: int
    name: str
    faults: tuple[int, ...]
    promises: tuple[int, ...]

    @property
    def in_chaos(self) -> bool:
        return self.path.startswith("tests/chaos/")

    def proves(self, promise: int) -> bool:
        """By its own marker, or through a fault."""
        return promise in self.promises or any(promise in FAULTS[n][1] for n in self.faults)


def proofs() -> list[Proof]:
    """Every marked test, by file and line."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_file = [mark for node in tree.body for mark in _marks_of_file(node)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                marks = [*of_file, *node.decorator_list]
                faults, promises = _numbers(marks, "fault"), _numbers(marks, "promise")
                if faults or promises:
                    relative = path.relative_to(ROOT).as_posix()
                    found.append(Proof(relative, node.lineno, node.name, faults, promises))
    return found


def _marks_of_file(node: ast.stmt) -> list[ast.expr]:
    """What `pytestmark = ...` gives to every test of the file."""
    named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    if not (named and isinstance(node, ast.Assign)):
        return []
    return node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]


def _numbers(marks: list[ast.expr], marker: str) -> tuple[int, ...]:
    return tuple(n for mark in marks for n in _of_marker(mark, marker))


def _of_marker(decorator: ast.expr, marker: str) -> Iterator[int]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"pytest.mark.{marker}":
        for argument in decorator.args:
            yield int(ast.literal_eval(argument))


def table(found: list[Proof]) -> str:
    """The page's table: a promise a row, with the files that hold its tests."""
    lines = ["| P | promise | tests |", "|---|---|---|"]
    for number, sentence in PROMISES.items():
        files = sorted({p.path for p in found if p.proves(number)})
        links = ", ".join(f"[{Path(f).stem.removeprefix('test_')}](../{f})" for f in files)
        lines.append(f"| {number} | {sentence} | {links} |")
    return "\n".join(lines)


def rewritten(page: str, found: list[Proof]) -> str:
    """The page with the table of now between its comments."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(found)}\n{END}{after}"


def main() -> None:
    """Rewrites the page where it is stale; says what has no test yet."""
    found = proofs()
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    for number, (what, _) in FAULTS.items():
        if not any(number in p.faults and p.in_chaos for p in found):
            print(f"fault {number} has no test in tests/chaos: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()

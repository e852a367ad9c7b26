"""Sessions in a rollback's way are cancelled or terminated where the configuration names them, few and old.

Never our own, never a superuser's unless our role is one, never anything but a client's session: not
autovacuum, not replication, not a prepared transaction. By default nobody is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.ports import Progress, ProgressKind
from monitor.rollback.blocking import Blocker, detail_of, holders
from monitor.rollback.held import Held, answer
from monitor.rollback.lookout import Lookout
from monitor.sql.redaction import bare

OURS = "migration-monitor/"
"""How the names of our own sessions begin."""

SIGNALS = {"cancel": "pg_cancel_backend", "terminate": "pg_terminate_backend"}

HIT = """/* migration-monitor: {policy} a session in the rollback's way */
SELECT pg_catalog.{signal}(a.pid) FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = $1 AND a.backend_start = $2 AND a.xact_start = $3 AND a.backend_type = 'client backend'"""

RIGHTS = """/* migration-monitor: may the role see and signal other sessions */
SELECT pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')
   AND pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"""


@dataclass(frozen=True, slots=True)
class Policy:
    """`act`: report, cancel or terminate. `older_than`: seconds. Empty lists allow nobody."""

    act: str = "report"
    applications: tuple[str, ...] = ()  # patterns of application_name
    users: tuple[str, ...] = ()
    older_than: float = 30.0
    at_most: int = 3  # in one rollback

    def allows(self, b: Blocker) -> bool:
        """Whether this session may be hit."""
        named = any(fnmatchcase(b.application, p) for p in self.applications) or b.user in self.users
        client = b.backend == "client backend" and b.pid > 0 and not b.application.startswith(OURS)
        old = b.age is not None and b.age >= self.older_than and b.xact_start is not None
        works = self.act != "cancel" or b.state == "active"  # a cancel does not end an idle transaction
        return self.act in SIGNALS and named and client and old and works and b.may_signal


def chosen(policy: Policy, found: Sequence[Blocker], hit: int) -> list[Blocker]:
    """Whom to hit now; `hit`: how many were in this rollback."""
    return [b for b in found if policy.allows(b)][: max(0, policy.at_most - hit)]


@dataclass(slots=True)
class InTheWay:
    """Who is in one rollback's way, and what is done about them."""

    held: Held
    system: str
    labels: Sequence[str]
    policy: Policy
    report: Callable[[Progress], None]
    hit: int = 0
    lookout: Lookout = field(init=False)
    _bare: dict[str, str] = field(default_factory=dict)  # statements of the last ones, without literals

    def __post_init__(self) -> None:
        self.lookout = Lookout(self.held, self.system)

    async def aclose(self) -> None:
        """At the end of the rollback."""
        await self.lookout.aclose()

    async def told(self) -> dict[str, Any]:
        """For a page: each with what it does, without literals."""
        _, found = await self._find()
        return await self._described(found)

    async def clear(self, wanted: bool) -> dict[str, Any]:
        """Who is in the way; hits those that the policy allows, if the rollback is still wanted."""
        connection, found = await self._find()
        chose = chosen(self.policy, found, self.hit) if wanted else []
        if connection is not None and chose:
            await self._hit(connection, chose)
        return await self._described(found)

    async def _find(self) -> tuple[Connection | None, Sequence[Blocker]]:
        """As they were seen while the last try waited; else whoever holds the tables now."""
        seen = self.lookout.seen
        try:
            connection = (await self.held.session(self.system)).connection
            if not seen:
                seen = await answer(connection, holders(connection, self.labels), "finding blockers")
        except DatabaseError:
            return None, seen
        return connection, seen

    async def _described(self, found: Sequence[Blocker]) -> dict[str, Any]:
        """At each try, so that only what was not described before goes through the parser."""
        queries = [b.query for b in found]
        new = [q for q in dict.fromkeys(queries) if q not in self._bare]
        known = self._bare | dict(zip(new, await bare(new), strict=True))
        self._bare = {q: known[q] for q in queries}
        return detail_of(found, [known[q] for q in queries])

    async def _hit(self, connection: Connection, chose: Sequence[Blocker]) -> None:
        done: list[Blocker] = []
        sql = HIT.format(policy=self.policy.act, signal=SIGNALS[self.policy.act])
        for b in chose:
            asked = connection.fetchval(sql, b.pid, b.backend_start, b.xact_start)
            try:
                if await answer(connection, asked, "signalling a blocker"):
                    done.append(b)
            except DatabaseError:
                break  # the next try of the rollback says what it is
        if done:
            self.hit += len(done)
            said = await self._described(done)
            text = f"{self.policy.act}: {len(done)} in its way ({self.hit} of {self.policy.at_most})"
            self.report(Progress(ProgressKind.CLEARED, text, {**said, "policy": self.policy.act}))


async def lacking(connection: Connection, policy: Policy) -> str:
    """What the role lacks for its policy; "" if nothing."""
    if policy.act not in SIGNALS or await connection.fetchval(RIGHTS):
        return ""
    return (
        f"rollback.blockers may {policy.act}, but the rollback role may not see and signal other sessions: "
        "GRANT pg_read_all_stats, pg_signal_backend TO it, or use `policy: report`"
    )

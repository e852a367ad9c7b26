"""The `sql` source: one number out of one statement in the target's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from monitor import pg
from monitor.core.samples import Micros, Reading
from monitor.errors import DatabaseError, SourceError
from monitor.options import Flag, Text, key
from monitor.ports import Finding, Gauge, Json, problem
from monitor.sources.configuration import UNIT, UNIT_KINDS, WITHOUT_COUNTS, Reach, SourceKeys, Unit
from monitor.sources.endpoints import failed
from monitor.sources.one_metric import OneMetric
from monitor.sources.scale import factor, scaled
from monitor.sources.session import Session, reason_of
from monitor.sources.strict import number
from monitor.units import Kind

MARK = "/* migration-monitor */\n"


class SqlSource(SourceKeys):
    """One statement in the target's database, with the polling role, on a connection of its own."""

    to_be_counted = ""

    query: Text = Field(description="a SELECT that gives one number")
    unit: Unit = Field(description=UNIT)
    without_counts: Flag = key(False, WITHOUT_COUNTS)

    @property
    def measures(self) -> Kind | None:
        return UNIT_KINDS[self.unit]

    @property
    def gives_value(self) -> bool:
        return True

    @property
    def does_without(self) -> bool:
        return self.without_counts

    def open(self, metric: str, reach: Reach) -> SqlProbe:
        return SqlProbe(metric, SqlSpec(self.query, self.unit), reach.session())


@dataclass(frozen=True, slots=True)
class SqlSpec:
    """A SELECT that gives one row with one number, and the number's unit."""

    query: str
    unit: str = "count"


class SqlProbe(OneMetric):
    """One metric from one statement, on a session of its own."""

    def __init__(self, metric: str, spec: SqlSpec, session: Session) -> None:
        factor(spec.unit)
        self._metric = metric
        self._spec = spec
        self._session = session

    async def read(self, now: Micros) -> Sequence[Reading]:  # noqa: ARG002  # the port's signature
        try:
            return [Reading(self._metric, await self._value())]
        except DatabaseError as e:
            return failed(self._metric, reason_of(e))
        except SourceError as e:
            return failed(self._metric, e.reason)

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def memory(self) -> Json:
        return {}

    def restore(self, memory: Json) -> None:
        """Nothing to take back."""

    async def check(self) -> Sequence[Finding]:
        """What is wrong with the statement."""
        try:
            await self._value()
        except DatabaseError as e:
            if e.sqlstate == pg.READ_ONLY:
                return [problem("the query writes, and may only SELECT")]
            return [problem(f"{e}: check the query of `{self._metric}`")]
        except SourceError as e:
            return [problem(f"{e}: check the query of `{self._metric}`")]
        return []

    async def aclose(self) -> None:
        await self._session.aclose()

    async def _value(self) -> float:
        rows = await self._session.rows(MARK + self._spec.query)
        if len(rows) != 1 or len(rows[0]) != 1:
            raise SourceError("not_one_value", "the query gives not exactly one row with one column")
        found = rows[0][0]
        if found is None:
            raise SourceError("no_value", "the query gives NULL")
        return scaled(
            number(float(found) if isinstance(found, Decimal) else found, "the query"), self._spec.unit
        )

"""What can go wrong, by whose fault it is.

    MonitorError
    ├── OperatorError            the input: exit code 2, one sentence with the remedy
    │   ├── ConfigError          every problem of a configuration file, each with its line
    │   ├── PlanRefused          a rollback that may not be stored, with line and reason
    │   ├── NotFound             no such watch or target
    │   └── ControlRefused       a person's control that comes too late or does not apply
    ├── DatabaseError            PostgreSQL: carries the SQLSTATE when the server gave one
    │   └── DatabaseUnreachable  no connection, or it was lost or did not answer in time
    │       ├── StoreHeld        another daemon looks after this store, or did meanwhile
    │       └── StoreLost        the lease was lost: whether another daemon took it is not known yet
    ├── SourceError              an endpoint of the application: becomes failed NoData
    └── ChannelError             an alert that could not be delivered

Texts are lower-case fragments that name the thing, both numbers and the remedy.
No text carries a DSN, a password, a token, or raw remote text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MonitorError(Exception):
    """Anything this program can say in one sentence."""


class OperatorError(MonitorError):
    """The input is at fault. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what and the remedy, in one sentence."""

    where: str
    what: str
    line: int | None = None

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line is not None else ""
        where = f"{self.where}: " if self.where else ""
        return f"{line}{where}{self.what}"


class ConfigError(OperatorError):
    """A configuration that can't be used; holds every problem found in one run."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(dict.fromkeys(problems))  # two statements of a line may have one
        super().__init__("\n".join(f"{file}: {p}" for p in self.problems))


class PlanRefused(OperatorError):
    """The rollback SQL may not be stored or run; one entry for each reason found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))  # two statements of a line may have one
        super().__init__("\n".join(str(p) for p in self.problems))


class NotFound(OperatorError):
    """No such watch, migration or target, or more than one."""


class ControlRefused(OperatorError):
    """A person's control that comes too late, or asks for what does not apply."""


class DatabaseError(MonitorError):
    """PostgreSQL said no. `sqlstate` is "" when the server gave none."""

    def __init__(self, text: str, sqlstate: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__(text)


class DatabaseUnreachable(DatabaseError):
    """No connection, or it was lost, or did not answer within its deadline."""


class StoreHeld(DatabaseUnreachable):
    """Another daemon has the target's lease, or had it meanwhile: what was loaded is out of date."""


class StoreLost(DatabaseUnreachable):
    """The target's lease was lost; the next try tells whether another daemon took it (StoreHeld)."""


class SourceError(MonitorError):
    """An endpoint gave nothing usable. `reason` is a short constant word (`timeout`, `http_status`, ...).

    `target`: where a redirect leads, without query and password, for `check` alone.
    """

    def __init__(self, reason: str, text: str = "", target: str = "") -> None:
        self.reason = reason
        self.target = target
        super().__init__(text or reason)


class ChannelError(MonitorError):
    """An alert was not delivered. `retry_after`: seconds the receiver asked for; `final`: never retry."""

    def __init__(self, text: str, *, retry_after: float | None = None, final: bool = False) -> None:
        self.retry_after = retry_after
        self.final = final
        super().__init__(text)

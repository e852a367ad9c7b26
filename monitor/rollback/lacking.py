"""What an error of the rollback's connection says about readiness: its sentence and its code."""

from __future__ import annotations

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.ports import Lack, Reason
from monitor.rollback.held import NotAdmitted, Standby, WrongServer


def reason_of(e: DatabaseError) -> Reason:
    """The error as a reason why no rollback could be executed."""
    return Reason(str(e), _lack(e))


def _lack(e: DatabaseError) -> Lack:
    if isinstance(e, WrongServer):
        return e.lack
    if isinstance(e, Standby) or e.sqlstate == pg.READ_ONLY:
        return Lack.STANDBY
    if pg.is_pooler(e):
        return Lack.POOLER
    if isinstance(e, NotAdmitted):
        return Lack.RIGHTS
    return Lack.CONNECTION if isinstance(e, DatabaseUnreachable) else Lack.OTHER

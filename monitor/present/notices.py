"""Alerts that belong to a target, or to what a rollback kept, and to no open watch."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.core.samples import Micros
from monitor.ports import Alert, Keepsake, Refused, Severity
from monitor.present.alert import command
from monitor.present.times import when

UNWATCHED = "no automatic rollback: fix what the reason names and register it again"
KEPT = "a rollback would run what was registered before, not this"


def refused(target: str, row: Refused) -> Alert:
    """A registration that a program was refused: nobody saw it."""
    refusal = row.refusal
    so = "the open watch stays as it is" if row.open else "it is not monitored"
    facts = (
        *(("reason", reason) for reason in refusal.reasons),
        ("asked by", f"{refusal.by} ({refusal.via})"),
    )
    return _of_registration(
        target, row, row.at, f"registration/refused/{row.id}", Severity.ERROR,
        f"registration REFUSED, {so}", facts, KEPT if row.open else UNWATCHED, ("migration-monitor status",),
    )  # fmt: skip


def watched_after_all(target: str, row: Refused, now: Micros) -> Alert:
    """Resolves `refused`."""
    title = "registration accepted after all: now monitored"
    name = f"registration/watched/{row.id}"
    return _of_registration(target, row, now, name, Severity.INFO, title, resolves=True)


def _of_registration(
    target: str, row: Refused, at: Micros, transition: str, severity: Severity, title: str,
    facts: tuple[tuple[str, str], ...] = (), next: str = "", commands: tuple[str, ...] = (),
    *, resolves: bool = False,
) -> Alert:  # fmt: skip
    migration = row.refusal.migration
    return Alert(
        transition, f"{target}/registration/{migration}", target, migration, None, at,
        severity, title, facts, next, commands, resolves=resolves, page=False,
    )  # fmt: skip


def strangers(target: str, found: Sequence[str], now: Micros) -> Alert:
    """Who has the daemon's advisory lock without being one, or that nobody has any more."""
    title = (
        "a session that isn't a daemon holds the daemon's advisory lock"
        if found
        else "no other session holds the daemon's advisory lock any more"
    )
    return Alert(
        f"stranger/{bool(found)}/{now}", f"{target}/stranger", target, "", None, now,
        Severity.ERROR if found else Severity.INFO, f"{target}: {title}",
        facts=tuple(("stranger", text) for text in found),
        next="monitoring and rollbacks continue: the lease in the ledger decides" if found else "",
        commands=(command("check", ""),) if found else (), resolves=not found,
    )  # fmt: skip


def kept_expiring(target: str, k: Keepsake, ends: Micros, now: Micros) -> Alert:
    """What a rollback kept is about to be dropped."""
    return _of_keepsake(
        target, k, now, f"kept_expiring/{k.place}", Severity.WARNING,
        f"the data its rollback kept of {k.name} will be dropped after {when(ends)}",
        "it will be dropped then; restore or copy it if it is still needed",
        (command("restore", k.migration),),
    )  # fmt: skip


def kept_dropped(target: str, k: Keepsake, now: Micros) -> Alert:
    title = f"the data its rollback kept of {k.name} was dropped: its retention period ended"
    return _of_keepsake(target, k, now, f"kept_dropped/{k.place}", Severity.INFO, title, "", ())


def _of_keepsake(
    target: str, k: Keepsake, now: Micros, transition: str, severity: Severity, title: str, after: str,
    commands: tuple[str, ...],
) -> Alert:  # fmt: skip
    return Alert(
        transition, f"{k.watch_id}/{transition}", target, k.migration, k.watch_id, now,
        severity, title, (("place", k.place),), after, commands, page=False,
    )  # fmt: skip

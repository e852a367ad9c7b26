"""Hooks of a rollback, and what is done about sessions that block it: sections of the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from monitor.core.samples import SECOND
from monitor.hooks.configuration import HookKind
from monitor.hooks.in_order import OpenHook
from monitor.options import Count, Section, Span, Text, key
from monitor.ports.post import Post
from monitor.settings.clashes import Clash
from monitor.settings.document import Loc

OnFailure: TypeAlias = Literal["block", "warn"]


class Hook(Section):
    """Exactly one of the registered kinds, which `whole.settings_with` adds, each a key of its own."""

    kinds: ClassVar[Mapping[str, HookKind[Any]]] = {}

    timeout: Span = key("30s", "it is ended then, and has failed")

    @property
    def kind(self) -> str:
        """The name of its kind: `webhook`, `command`."""
        return next(iter(self.written()))

    def written(self) -> dict[str, Any]:
        """The kinds that are there, by name: one, in a good file."""
        found = {kind: getattr(self, kind) for kind in self.kinds}
        return {kind: value for kind, value in found.items() if value is not None}

    def open(self, post: Post) -> OpenHook:
        """What can be called. Raises OperatorError for a secret of no use."""
        return self.kinds[self.kind].open(self.written()[self.kind], post, self.timeout / SECOND)


class BeforeHook(Hook):
    """Called after the decision is committed and before any statement."""

    on_failure: OnFailure = Field(
        "block", description="block: no statement until it succeeds; warn: says so and goes on"
    )


class AfterHook(Hook):
    """Called when the rollback took effect: a failure is said, there is nothing left to block."""


def check_hook(loc: Loc, hook: Hook) -> Iterator[Clash]:
    """Exactly one way must be written."""
    if len(hook.written()) != 1:
        *others, last = hook.kinds
        known = f"{', '.join(others)} and {last}" if others else last
        yield Clash(loc, f"needs exactly one of {known}", tuple((*loc, kind) for kind in hook.kinds))


class Blockers(Section):
    """What is done about sessions that keep the rollback from its locks."""

    policy: Literal["report", "cancel", "terminate"] = Field(
        "report", description="report: they are named; cancel, terminate: those that the lists allow"
    )
    applications: tuple[Text, ...] = Field((), description="application_name patterns (*, ?) that may be hit")
    users: tuple[Text, ...] = Field((), description="roles whose sessions may be hit")
    older_than: Span = key("30s", "a younger transaction is never hit")
    at_most: Count = key(3, "sessions hit in one rollback")


def check_blockers(blockers: Blockers) -> Iterator[Clash]:
    """A policy that acts must say on whom."""
    if blockers.policy != "report" and not (blockers.applications or blockers.users):
        loc: Loc = ("rollback", "blockers")
        text = f"`{blockers.policy}` hits nobody: name whom in `applications` or `users`"
        yield Clash((*loc, "policy"), text, ((*loc, "applications"), (*loc, "users")))

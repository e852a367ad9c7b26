"""Hooks of a rollback, and what is done about sessions that block it: sections of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from monitor.options import Count, Secret, Section, Span, Text, Url, key
from monitor.settings.clashes import Clash
from monitor.settings.document import Loc

OnFailure: TypeAlias = Literal["block", "warn"]


class HookWebhook(Section):
    """A signed POST."""

    url: Url = Field(description="where it is posted; any 2xx is success")
    secret: Secret = Field(description="signs the message (Standard Webhooks)")


class Hook(Section):
    """Exactly one of a webhook and a command."""

    webhook: HookWebhook | None = None
    command: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        None, description="program and arguments; no shell"
    )
    timeout: Span = key("30s", "it is ended then, and has failed")


class BeforeHook(Hook):
    """Pulled after the decision is committed and before any statement."""

    on_failure: OnFailure = Field(
        "block", description="block: no statement until it succeeds; warn: says so and goes on"
    )


class AfterHook(Hook):
    """Pulled when the rollback took effect: a failure is said, there is nothing left to block."""


def check_hook(loc: Loc, hook: Hook) -> Iterator[Clash]:
    """Exactly one way must be written."""
    if (hook.webhook is None) == (hook.command is None):
        text = "needs exactly one of webhook and command"
        yield Clash(loc, text, ((*loc, "webhook"), (*loc, "command")))


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

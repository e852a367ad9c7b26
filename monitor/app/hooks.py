"""The hooks of a target, composed of their configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from monitor.app.outlets import post_by
from monitor.hooks.in_order import Fitted, Row
from monitor.net import Net
from monitor.ports.hooks import Moment
from monitor.ports.post import Post
from monitor.settings import Settings


def levers_of(settings: Settings, target: str, net: Net) -> Row:
    """Named by their place: `before_rollback[0].webhook`. Raises OperatorError for a secret of no use."""
    return Row(list(_fitted(settings, target, partial(post_by, net))))


def _fitted(settings: Settings, target: str, post: Post) -> Iterator[Fitted]:
    configured = settings.targets[target]
    for number, before in enumerate(configured.before_rollback):
        name = f"before_rollback[{number}].{before.kind}"
        yield Fitted(name, Moment.BEFORE, before.open(post), before.on_failure == "block")
    for number, after in enumerate(configured.after_rollback):
        yield Fitted(f"after_rollback[{number}].{after.kind}", Moment.AFTER, after.open(post), False)

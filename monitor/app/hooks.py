"""The hooks of a target, composed of their configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from monitor.app.outlets import post_by
from monitor.hooks.in_order import HooksInOrder, PlacedHook
from monitor.net import Net
from monitor.ports.hooks import Moment
from monitor.ports.post import Post
from monitor.settings import Settings


def configured_hooks(settings: Settings, target: str, net: Net) -> HooksInOrder:
    """Named by their place: `before_rollback[0].webhook`. Raises OperatorError for a secret of no use."""
    return HooksInOrder(list(_placed(settings, target, partial(post_by, net))))


def _placed(settings: Settings, target: str, post: Post) -> Iterator[PlacedHook]:
    configured = settings.targets[target]
    for number, before in enumerate(configured.before_rollback):
        name = f"before_rollback[{number}].{before.kind}"
        yield PlacedHook(name, Moment.BEFORE, before.open(post), before.on_failure == "block")
    for number, after in enumerate(configured.after_rollback):
        yield PlacedHook(f"after_rollback[{number}].{after.kind}", Moment.AFTER, after.open(post), False)

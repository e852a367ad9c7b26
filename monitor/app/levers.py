"""The hooks of a target, composed of their configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from monitor.app.outlets import post_by
from monitor.core.samples import SECOND
from monitor.levers.command import Command
from monitor.levers.row import Fitted, Lever, Row
from monitor.levers.webhook import Webhook
from monitor.net import Net
from monitor.ports.levers import Moment
from monitor.settings import Settings
from monitor.settings.hooks import Hook
from monitor.signing import signatures, signing_key


def levers_of(settings: Settings, target: str, net: Net) -> Row:
    """Named by their place: `before_rollback[0].webhook`. Raises OperatorError for a secret of no use."""
    return Row(list(_fitted(settings, target, net)))


def _fitted(settings: Settings, target: str, net: Net) -> Iterator[Fitted]:
    configured = settings.targets[target]
    for number, before in enumerate(configured.before_rollback):
        kind, lever = _lever(before, net)
        name = f"before_rollback[{number}].{kind}"
        yield Fitted(name, Moment.BEFORE, lever, before.on_failure == "block")
    for number, after in enumerate(configured.after_rollback):
        kind, lever = _lever(after, net)
        yield Fitted(f"after_rollback[{number}].{kind}", Moment.AFTER, lever, False)


def _lever(hook: Hook, net: Net) -> tuple[str, Lever]:
    seconds = hook.timeout / SECOND
    if hook.webhook is not None:
        keys = [signing_key(one) for one in hook.webhook.secret.get_secret_value().split()]
        url = hook.webhook.url.get_secret_value()
        return "webhook", Webhook(partial(post_by, net), partial(signatures, keys), url, seconds)
    return "command", Command(hook.command or (), seconds)

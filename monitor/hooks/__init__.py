"""Hooks of a rollback: webhooks and commands that move what the database can't.

Rule of the room: what a hook says is never shown; only that it failed, and how. A new kind of hook is one
file, what is written of it beside what it does, and one line in HOOKS: the configuration, its JSON Schema,
its table of keys and its problems follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.hooks.command import COMMAND
from monitor.hooks.configuration import HookKind
from monitor.hooks.webhook import WEBHOOK

HOOKS: Mapping[str, HookKind[Any]] = {
    "webhook": WEBHOOK,
    "command": COMMAND,
}
"""Kinds under `before_rollback` and `after_rollback`, in the order in which they are named to people."""

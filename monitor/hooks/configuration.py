"""What a kind of hook is to the configuration: what is written under its name, and the hook that it makes.

A value is written in the kinds of `monitor.options`: a Section with keys, or one value alone. A secret is
`Secret`: hidden in every error, and revealed in `open` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from monitor.hooks.in_order import OpenHook
from monitor.ports.post import Post

Written = TypeVar("Written")


@dataclass(frozen=True, slots=True)
class HookKind(Generic[Written]):
    """`written`: the type of the value. `meaning`: for the table of keys, where the value has no keys.

    `open` takes the value, the way to post and the seconds until it has failed. It raises OperatorError for
    a secret of no use; the text never holds it.
    """

    written: Any
    open: Callable[[Written, Post, float], OpenHook]
    meaning: str | None = None

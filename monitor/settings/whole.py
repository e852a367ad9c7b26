"""The whole configuration: the sections of `model`, and a key for each registered kind.

Whoever adds a kind adds it to its registry. Everything else here (what is read, the JSON Schema, the table of
keys, the keys that a problem names) asks the model that comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field, create_model

from monitor.channels import CHANNELS
from monitor.channels.configuration import ChannelKeys
from monitor.history import TOOLS
from monitor.history.tool import Tool
from monitor.hooks import HOOKS
from monitor.hooks.configuration import HookKind
from monitor.options import Section
from monitor.settings.hooks import AfterHook, BeforeHook, Hook
from monitor.settings.limits import MetricName
from monitor.settings.model import Alert, MetricSource, Migrations, Settings, Target, TargetName
from monitor.sources import SOURCES
from monitor.sources.configuration import SourceKeys

Model = TypeVar("Model", bound=Section)
AnyHook = TypeVar("AnyHook", bound=Hook)


def settings_with(
    channels: Mapping[str, type[ChannelKeys]] = CHANNELS,
    hooks: Mapping[str, HookKind[Any]] = HOOKS,
    sources: Mapping[str, type[SourceKeys]] = SOURCES,
    tools: Mapping[str, Tool] = TOOLS,
) -> type[Settings]:
    """The model of a configuration with these kinds of channels, hooks, sources and migration tools."""
    alert, source = _one_of(Alert, channels), _one_of(MetricSource, sources)
    before, after = _hooked(BeforeHook, hooks), _hooked(AfterHook, hooks)
    target = _again(
        Target,
        metrics=dict[MetricName, source],  # type: ignore[valid-type]
        migrations=_of_tools(tools) | None,
        before_rollback=tuple[before, ...],  # type: ignore[valid-type]
        after_rollback=tuple[after, ...],  # type: ignore[valid-type]
    )
    return _again(Settings, targets=dict[TargetName, target], alerts=tuple[alert, ...])  # type: ignore[valid-type]


def _one_of(base: type[Model], kinds: Mapping[str, type[Section]]) -> type[Model]:
    """`base` with a key for each kind; one whose name the model has taken is kept under another (`json`)."""
    taken = {kind: f"{kind}_" if hasattr(base, kind) else kind for kind in kinds}
    keys = {
        taken[kind]: (keys | None, Field(None, alias=kind if taken[kind] != kind else None))
        for kind, keys in kinds.items()
    }
    return _with(base, keys)


def _of_tools(tools: Mapping[str, Tool]) -> type[Migrations]:
    """The section of a target's tool: which there are, and after the keys of all those that one has."""
    named = _again(Migrations, tool=Literal[tuple(tools)])
    own = dict.fromkeys(tool.keys for tool in tools.values() if tool.keys.model_fields)
    bases: Any = (*reversed(own), named)
    made: type[Migrations] = create_model("Migrations", __base__=bases, __doc__=Migrations.__doc__)
    made.tools = tools
    return made


def _hooked(base: type[AnyHook], hooks: Mapping[str, HookKind[Any]]) -> type[AnyHook]:
    keys = {kind: (of.written | None, Field(None, description=of.meaning)) for kind, of in hooks.items()}
    made = _with(base, keys)
    made.kinds = hooks
    return made


def _with(base: type[Model], keys: Mapping[str, Any]) -> type[Model]:
    """`base` under its own name, with further keys before its own."""
    bases: Any = (base, create_model("Kinds", __base__=Section, **keys))
    made: type[Model] = create_model(base.__name__, __base__=bases, __doc__=base.__doc__)
    return made


def _again(base: type[Model], **types: Any) -> type[Model]:
    """`base` under its own name, with other types for some of its keys, which stay where they are."""
    keys: dict[str, Any] = {name: (found, base.model_fields[name]) for name, found in types.items()}
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **keys)


WHOLE = settings_with()
"""With every kind that there is."""

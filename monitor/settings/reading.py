"""From a file to settings, or to every problem of it at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from monitor.core.thresholds import Policy
from monitor.errors import ConfigError, Problem
from monitor.settings.checks import check
from monitor.settings.clashes import Clash, within
from monitor.settings.document import Document, read
from monitor.settings.explain import explain, known_keys, unknown
from monitor.settings.limits import PolicySettings
from monitor.settings.mending import mend
from monitor.settings.model import Settings
from monitor.settings.whole import WHOLE

ATTEMPTS = 10
"""Mending a level can break the one above it; the configuration has six."""

Model = TypeVar("Model", bound=PolicySettings)


Look = Callable[[Model], Iterable[Clash]]
"""What is wrong with settings whose single values are good."""


def load(
    path: Path | str,
    env: Mapping[str, str] = os.environ,
    also: Sequence[Look[Settings]] = (),
    model: type[Settings] = WHOLE,
) -> Settings:
    """The configuration in `path`. Raises ConfigError with every problem, each with its line.

    `also` looks at what this room does not know. `model`: of `whole.settings_with`, for other kinds.
    """
    return _settled(Path(path), read(Path(path), env), model, also)


def load_policy(path: Path | str, env: Mapping[str, str] = os.environ) -> Policy:
    """The policy that `thresholds` and `watch` of a file say; the rest of it may be missing.

    Raises ConfigError. What a target overrides is not looked at: a recording belongs to no target.
    """
    document = read(Path(path), env, only=frozenset(PolicySettings.model_fields))
    return _settled(Path(path), _policy_part(document), PolicySettings).policy()


def _policy_part(document: Document) -> Document:
    if isinstance(document.tree, dict):
        known = known_keys(Settings, ())
        for key in [key for key in document.tree if key not in PolicySettings.model_fields]:
            if key not in known:
                document.spoil((key,), unknown(key, known))
            del document.tree[key]
    return document


def _settled(path: Path, document: Document, model: type[Model], also: Sequence[Look[Model]] = ()) -> Model:
    settings = None if document.problems and document.tree is None else _validated(document, model)
    for clash in [c for look in (check, *also) for c in look(settings)] if settings is not None else ():
        if not clash.moot(document.broken):
            document.complain(clash.loc, clash.what, *clash.stands_on)
    if settings is None or document.problems:
        raise ConfigError(str(path), sorted(document.problems, key=_by_line))
    return settings


def _validated(document: Document, model: type[Model]) -> Model | None:
    """The model of what is good in the document; what is not is told, mended and tried again."""
    document.tree = {} if document.tree is None else document.tree
    for attempt in range(ATTEMPTS):
        try:
            return model.model_validate(document.tree)
        except ValidationError as e:
            errors = e.errors(include_url=False, include_input=False)
        explained = [explain(error, model, document) for error in errors]
        for loc, what in explained:
            if attempt == 0 and not any(within(loc, broken) for broken in document.broken):
                document.spoil(loc, what)
        for loc, _ in explained:
            mend(document.tree, loc, model)
    return None


def _by_line(problem: Problem) -> int:
    return problem.line or 0

"""Turns what pydantic found into sentences: what is wrong, what would be right, never a hidden value."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from monitor.options import OURS
from monitor.settings.document import Document, Loc

SHOWN = 40
"""Characters of a value that an error repeats."""

_TEXTS = {
    "string_type": "must be text: put it in quotes",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
    "tuple_type": "must be a list",
    "too_short": "needs at least one entry",
    "none_required": "must be null",
}


GONE: dict[Loc, str] = {
    ("watch", "min_requests"): (
        "remove it; counts are weighed by `evidence` (9), and too little traffic to decide is told"
    ),
    ("watch", "clear_for"): "remove it; a streak of counts ends when it is no longer so, as `evidence` says",
    ("watch", "max_quiet"): (
        "remove it; success needs 3 / `normal_below` requests (3,000 for 0.1 %), however long it was quiet"
    ),
}
"""Keys of older configurations, and what to do."""


def explain(error: ErrorDetails, model: type[BaseModel], document: Document) -> tuple[Loc, str]:
    """The place of an error and its sentence."""
    loc = tuple(error["loc"])
    if loc and loc[-1] == "[key]":
        return loc[:-1], f"is no good name: {_name_rule(loc)}"
    kind = error["type"]
    if kind == "missing":
        return loc, "is missing: add it"
    if kind == "extra_forbidden" and loc in GONE:
        return loc, f"is gone: {GONE[loc]}"
    if kind == "extra_forbidden":
        return loc, unknown(str(loc[-1]), known_keys(model, loc[:-1]))
    if kind == "literal_error":
        return loc, f"{_shown(loc, model, document)} must be one of {_choices(loc, error, document)}"
    if kind == OURS:
        return loc, f"{_shown(loc, model, document)} {error['msg']}".strip()
    return loc, _TEXTS.get(kind, error["msg"].lower())


def _choices(loc: Loc, error: ErrorDetails, document: Document) -> str:
    """Every value that there is, and the nearest; of what was filled in none, since that would show it."""
    expected = str(error.get("ctx", {}).get("expected"))
    written = "" if loc in document.filled else str(_at(document.tree, loc))
    return expected + _guess(written, re.findall(r"'([^']*)'", expected))


def _guess(written: str, known: list[str]) -> str:
    close = get_close_matches(written, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def unknown(key: str, known: list[str]) -> str:
    """The sentence for a key that means nothing here."""
    return f"unknown key; known here: {', '.join(known)}{_guess(key, known)}"


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys of the section at `loc`."""
    found = section_at(model, loc)
    return list(_fields(found)) if found is not None else []


def _name_rule(loc: Loc) -> str:
    if loc[0] == "targets" and len(loc) == 3:
        return "use letters, digits, `.`, `_` and `-`, beginning with a letter or a digit"
    return "use small letters, digits and `_`, beginning with a letter"


def _shown(loc: Loc, model: type[BaseModel], document: Document) -> str:
    """The value as an error may repeat it: nothing of secrets, nothing from outside the file."""
    if loc in document.filled:
        return "the value filled in"
    if _hidden(model, loc):
        return ""
    value = _at(document.tree, loc)
    if isinstance(value, Mapping | list):
        return "what is written"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text[:SHOWN]}`"


def _at(tree: object, loc: Loc) -> object:
    for part in loc:
        tree = _child(tree, part)
    return tree


def _child(value: object, part: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) else None


def _hidden(model: type[BaseModel], loc: Loc) -> bool:
    parent = section_at(model, loc[:-1])
    annotation = _fields(parent).get(str(loc[-1])) if parent is not None else None
    return annotation is None or any(part is SecretStr for part in _parts(annotation))


def section_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The section that stands at `loc`, None where there is none."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = _fields(here).get(str(part))
        else:
            here = next(
                (args[-1 if get_origin(here) is dict else 0] for args in [get_args(here)] if args), None
            )
        here = _bare(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def required_at(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """The key at `loc` that must be written; None where none must."""
    section = section_at(model, loc[:-1])
    found = (f for name, f in section.model_fields.items() if loc[-1] == (f.alias or name)) if section else ()
    return next((field for field in found if field.is_required()), None)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _bare(annotation: Any) -> Any:
    """Without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return _bare(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)

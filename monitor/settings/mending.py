"""Puts a broken document in a state that can be looked at further, so that one run tells every problem.

What stands in for a value is never used: a document that needed mending gives no settings.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from monitor.settings.document import Loc
from monitor.settings.explain import required_at, section_at

_DATABASE: dict[str | int, object] = {"dsn": "postgresql://stand.in"}
STAND_INS: dict[str | int, object] = {
    "targets": {"x": {"database": _DATABASE}},
    "database": _DATABASE,
    "query": "-",
    "unit": "count",
    **_DATABASE,
}
"""For keys that must be written, where what stands in has a meaning; any other takes what its kind reads."""

READ_BY_SOME: tuple[object, ...] = (
    "-", "http://stand.in", "postgresql://stand.in", "1h", "1%", 1, "1MiB", "127.0.0.1:1", False, ["-"], {},
)  # fmt: skip
"""One for every kind of value that there is; a choice has its own."""


def mend(tree: object, loc: Loc, model: type[BaseModel]) -> None:
    """Takes the value at `loc` out; where it is not written, its stand-in is put there."""
    if not loc:
        return
    place = tree
    for part in loc[:-1]:
        place = _child(place, part)
    if not _mended(place, loc, model) and isinstance(place, list):
        mend(tree, loc[:-1], model)


def stand_in(model: type[BaseModel], loc: Loc) -> object:
    """What may stand at `loc` while the rest is looked at; None where no key must be written."""
    if loc[-1] in STAND_INS:
        return deepcopy(STAND_INS[loc[-1]])
    field = required_at(model, loc)
    if field is None:
        return None
    if section_at(model, loc) is not None:
        return {}
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return deepcopy(next((value for value in (*choices, *READ_BY_SOME) if _is_read(field, value)), None))


def _is_read(field: FieldInfo, value: object) -> bool:
    kind: Any = Annotated[field.annotation, field]
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def _mended(place: object, loc: Loc, model: type[BaseModel]) -> bool:
    part = loc[-1]
    if isinstance(place, dict):
        if part in place:
            del place[part]
        elif (found := stand_in(model, loc)) is not None:
            place[part] = found
        else:
            return False
        return True
    if isinstance(place, list) and isinstance(part, int) and place[part] != {}:
        place[part] = {}  # its position stays: the lines of what follows hang on it
        return True
    return False


def _child(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None

"""What a configuration is written in: kinds of values, how each is read from text, and its JSON Schema.

Ground, so that what is configured can say its own keys beside its code. Errors continue a sentence that
begins with the value; they never repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from monitor import libpq, units
from monitor.core.samples import HOUR, MINUTE, Micros

OURS = "monitor"
"""Error type of our own validators, whose texts are ready to be shown."""

FILLED = {"type": "string", "pattern": r"\$\{"}
"""In an editor `${ENV}` may stand for any value."""


class Section(BaseModel):
    """One mapping of the configuration: frozen, no unknown keys, no input in errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True, allow_inf_nan=False
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a key ("" for the section itself), and which keys that stands on."""

    key: str
    what: str
    keys: tuple[str, ...]


def key(default: object, description: str) -> Any:
    """A key with its default as an operator writes it; it is read by the type's own reader."""
    return Field(default, description=description)


def _says(read: Callable[[object], Any]) -> Callable[[object], Any]:
    """`read` with its UnitError as pydantic's error."""

    def validate(value: object) -> Any:
        try:
            return read(value)
        except units.UnitError as e:
            raise PydanticCustomError(OURS, "{text}", {"text": str(e)}) from None

    return validate


def _more_than_zero(value: object) -> Micros:
    found = units.duration(value)
    if found == 0:
        raise units.UnitError("is zero: write a duration above 0s")
    return found


def _at_most_all(value: object) -> float:
    found = units.ratio(value)
    if found > 1:
        raise units.UnitError("is more than 100%")
    return found


def _whole_positive(value: object) -> float:
    found = units.count(value)
    if found < 1:
        raise units.UnitError("is too small: write 1 or more")
    return found


def _quantile(value: object) -> float:
    found = units.count(value)
    if not 0 < found < 1:
        raise units.UnitError("is not a quantile: write a number between 0 and 1, as 0.95")
    return found


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise PydanticCustomError(OURS, "is neither true nor false")


def _texts(value: object) -> object:
    """A list as it is; one text stands for a list of it."""
    return value if isinstance(value, list | tuple) else [value]


def _mean(value: object) -> str:
    """A name; "" for `true`: of the preset."""
    if value is True:
        return ""
    if not isinstance(value, str) or not value.strip():
        text = "is not a mean: write the name before _sum and _count, or `true` beside a preset"
        raise PydanticCustomError(OURS, "{text}", {"text": text})
    return value


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(c.isspace() for c in value):
        raise PydanticCustomError(
            OURS, "is not an address: it must begin with http:// or https:// and name a host"
        )
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    _http_url(value.get_secret_value())
    return value


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise PydanticCustomError(OURS, "is empty: write a value, or remove the key")
    return value


POSTGRES_URL = "is not a connection URL: it must begin with postgresql:// and have ports from 1 to 65535"


def postgres_url(text: str) -> bool:
    """Whether it is a connection URL of PostgreSQL, of one host or several."""
    try:
        parts = libpq.parts_of(text)
    except ValueError:
        return False
    places = parts.places.split(",")
    return parts.scheme in {"postgresql", "postgres"} and all(map(_good_port, places))


def _good_port(place: str) -> bool:
    """Of `host`, `host:port` or `[address]:port`; no port is good too."""
    _, colon, port = place.rpartition("]")[2].rpartition(":")
    return not colon or (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16)


def _postgres(value: SecretStr) -> SecretStr:
    if not postgres_url(value.get_secret_value()):
        raise PydanticCustomError(OURS, POSTGRES_URL)
    if found := libpq.faults(value.get_secret_value()):
        raise PydanticCustomError(OURS, "{faults}", {"faults": "; ".join(found)})
    return value


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise PydanticCustomError(OURS, "is not HOST:PORT: write it as 127.0.0.1:9878 or [::1]:9878")
    return value


def _schema(what: str, pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": rf"{pattern}|\$\{{", "x-type": what})


_DURATION_SCHEMA = _schema("duration", units.DURATION_PATTERN)
_RATIO_SCHEMA = _schema("percentage", units.RATIO_PATTERN)
_COUNT_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, FILLED], "x-type": "number"})
_LIMIT_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": rf"{units.RATIO_PATTERN}|{units.TIME_PATTERN}|\$\{{"},
        ],
        "x-type": "limit",
    }
)

Duration = Annotated[Micros, PlainValidator(_says(units.duration)), _DURATION_SCHEMA]
"""`30s`, `5m`, `24h`, `1h30m`, `0s` in microseconds."""

Span = Annotated[Micros, PlainValidator(_says(_more_than_zero)), _DURATION_SCHEMA]
"""A duration above zero, in microseconds."""

SHORTEST_LOOK_BACK: Micros = 30 * MINUTE
LONGEST_LOOK_BACK: Micros = 24 * HOUR


def _look_back(value: object) -> Micros:
    if value == "off":
        return 0
    try:
        found = units.duration(value)
    except units.UnitError as e:
        raise units.UnitError(f"{e}, or off") from None
    if not SHORTEST_LOOK_BACK <= found <= LONGEST_LOOK_BACK:
        raise units.UnitError(
            "is not from 30m to 24h: shorter shows too little, longer is another time of day; or write off"
        )
    return found


LookBack = Annotated[
    Micros,
    PlainValidator(_says(_look_back)),
    _schema("duration or `off`", rf"^off$|{units.DURATION_PATTERN}"),
]
"""How long before something is looked at; `off` is 0."""

Ratio = Annotated[float, PlainValidator(_says(_at_most_all)), _RATIO_SCHEMA]
"""`0%` to `100%` as 0-1."""

Count = Annotated[float, PlainValidator(_says(_whole_positive)), _COUNT_SCHEMA]
"""A plain number, 1 or more."""

Quantile = Annotated[float, PlainValidator(_says(_quantile)), _COUNT_SCHEMA]
"""Between 0 and 1, both excluded."""

LimitValue = Annotated[units.Limit, PlainValidator(_says(units.limit)), _LIMIT_SCHEMA]
"""`1%`, `200ms` or `60`."""

Secret = Annotated[
    SecretStr, AfterValidator(_not_empty), WithJsonSchema({"type": "string", "x-type": "secret"})
]
Url = Annotated[SecretStr, AfterValidator(_secret_url), _schema("address", r"^https?://")]
"""http(s); hidden, because addresses can carry passwords and tokens."""

Dsn = Annotated[SecretStr, AfterValidator(_postgres), _schema("connection URL", r"^postgres(ql)?://")]
Listen = Annotated[str, AfterValidator(_listen), _schema("HOST:PORT", r":[0-9]+$")]


def _page_of_watch(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value) or "{id}" not in value:
        raise PydanticCustomError(
            OURS, "is not the address of a watch's page: write it as https://monitor.example.com/{id}.html"
        )
    return value


PageOfWatch = Annotated[str, AfterValidator(_page_of_watch), _schema("address", r"^https?://")]
"""An address that people open, with `{id}` where the watch's id belongs; no user or password in it."""


def _public(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", value):
        raise PydanticCustomError(
            OURS, "is not the address that people open: write it as https://monitor.example.com"
        )
    return value.rstrip("/")


PublicUrl = Annotated[str, AfterValidator(_public), _schema("address", r"^https?://")]
"""An address that people open; no user or password in it."""

Mean = Annotated[
    str,
    PlainValidator(_mean),
    WithJsonSchema(
        {"anyOf": [{"const": True}, {"type": "string", "minLength": 1}], "x-type": "text or `true`"}
    ),
]
"""The name of what has `_sum` and `_count`; "" asks for the preset's."""

_SIZE_SCHEMA = _schema("size", units.SIZE_PATTERN)
Flag = Annotated[
    bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean", "x-type": "`true` / `false`"})
]
Size = Annotated[int, PlainValidator(_says(units.size)), _SIZE_SCHEMA]
"""`64MiB` in bytes."""


def _text(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError(OURS, "is empty: write a value, or remove the key")
    return value


Text = Annotated[str, BeforeValidator(_text)]

Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_texts),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            "x-type": "text, or list of text",
        }
    ),
]
"""One text or several."""

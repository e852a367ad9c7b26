"""Where a metric may come from: one model for each kind of source.

Each says what it measures (`measures`: a ratio, a time or a count) and which of its keys do not go
together (`faults`). This file does not read anything from a source.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import jmespath  # type: ignore[import-untyped]  # it has no stubs
import jmespath.exceptions  # type: ignore[import-untyped]
from pydantic import Field

from monitor.promql import is_series, not_series
from monitor.settings.types import Quantile, Secret, Section, Text, Url
from monitor.units import Kind

Headers: TypeAlias = dict[Text, Secret]
Unit: TypeAlias = Literal["ratio", "percent", "s", "ms", "count"]

Preset: TypeAlias = Literal["generic", "fastapi", "starlette", "django", "opentelemetry", "express"]
"""Those of `monitor.probes.presets`; a test holds them together."""

UNIT_KINDS: dict[str, Kind] = {
    "ratio": Kind.RATIO,
    "percent": Kind.RATIO,
    "s": Kind.TIME,
    "ms": Kind.TIME,
    "count": Kind.COUNT,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a key ("" for the source itself), and which keys that stands on."""

    key: str
    what: str
    keys: tuple[str, ...]


class _Source(Section):
    """What all kinds share."""

    @property
    @abstractmethod
    def measures(self) -> Kind | None:
        """What the metric's values are; None when the unit is missing."""

    def faults(self) -> Iterator[Fault]:
        """What keeps this source from being read, each with its key."""
        yield from ()

    def _one_of(self, *ways: tuple[str, ...]) -> Iterator[Fault]:
        """Exactly one of these groups of keys must be written, and whole."""
        begun = [way for way in ways if any(getattr(self, key) is not None for key in way)]
        choices = ", or ".join(" and ".join(f"`{key}`" for key in way) for way in ways)
        if len(begun) != 1:
            text = f"needs {choices}{'; write only one of these' if begun else ''}"
            yield Fault("", text, tuple(key for way in ways for key in way))
            return
        missing = [key for key in begun[0] if getattr(self, key) is None]
        if missing:
            yield Fault("", f"needs `{'` and `'.join(missing)}` too", begun[0])


class _Http(_Source):
    """A source read by GET from one address, or from one for each instance."""

    url: Url | None = Field(None, description="the address, when there is one instance")
    urls: tuple[Url, ...] | None = Field(None, min_length=1, description="one address for each instance")
    headers: Headers = Field({}, description="sent with every request")

    @property
    def addresses(self) -> tuple[str, ...]:
        """In plain text: for the probe, never for a log."""
        found = self.urls if self.url is None else (self.url,)
        return tuple(url.get_secret_value() for url in found or ())

    def faults(self) -> Iterator[Fault]:
        yield from self._one_of(("url",), ("urls",))
        if len(set(self.addresses)) < len(self.addresses):
            text = "names an address twice, which would count that instance twice: keep one"
            yield Fault("urls", text, ("url", "urls"))
        yield from super().faults()


class _Measured(_Source):
    """A value with a unit, or counters of errors and requests."""

    value_key: ClassVar[str] = "value"
    ways: ClassVar[tuple[tuple[str, ...], ...]] = (("errors", "requests"), ("value",))

    unit: Unit | None = Field(None, description="unit of the value: ratio, percent, s, ms or count")
    errors: Text | None = Field(None, description="where the counter of failed requests is")
    requests: Text | None = Field(None, description="where the counter of all requests is")

    @property
    def measures(self) -> Kind | None:
        counted = self.errors is not None or self.requests is not None
        return Kind.RATIO if counted else UNIT_KINDS.get(self.unit or "")

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self._one_of(*self.ways)
        if getattr(self, self.value_key) is not None and self.unit is None:
            text = "has no unit: add `unit: ratio`, `percent`, `s`, `ms` or `count`"
            yield Fault("", text, ("unit", self.value_key))
        if self.unit is not None and (self.errors is not None or self.requests is not None):
            text = "has no place beside errors and requests, which make a ratio: remove it"
            yield Fault("unit", text, ("errors", "requests"))


class JsonSource(_Http, _Measured):
    """A JSON document; `value`, `errors`, `requests` and `timestamp` are JMESPath expressions."""

    value: Text | None = Field(None, description="JMESPath of the value")
    timestamp: Text | None = Field(
        None, description="JMESPath of the document's own time (epoch seconds or RFC 3339)"
    )

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for key in ("value", "errors", "requests", "timestamp"):
            text = getattr(self, key)
            if text is not None and not _is_jmespath(text):
                yield Fault(key, f"`{text}` is not a JMESPath expression: see https://jmespath.org", ())


def _is_jmespath(text: str) -> bool:
    try:
        jmespath.compile(text)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


class PrometheusSource(_Http, _Measured):
    """An exposition page; `requests`, `errors`, `histogram` and `value` are series selectors."""

    ways = (("preset",), ("errors", "requests"), ("histogram", "quantile"), ("value",))

    preset: Preset | None = Field(None, description="names the series of a known library")
    histogram: Text | None = Field(
        None, description="a histogram without `_bucket`, in seconds unless unit: ms"
    )
    quantile: Quantile | None = Field(None, description="which quantile of the histogram, as 0.95")
    value: Text | None = Field(None, description="a gauge; of several instances the maximum is taken")

    @property
    def measures(self) -> Kind | None:
        if self.quantile is not None or self.histogram is not None:
            return Kind.TIME
        return Kind.RATIO if self.preset is not None else super().measures

    def _one_of(self, *ways: tuple[str, ...]) -> Iterator[Fault]:
        """With a preset `quantile` may stand alone: it asks for the preset's latency."""
        latency_of_preset = self.preset is not None and self.histogram is None
        yield from super()._one_of(*(w for w in ways if not (latency_of_preset and "quantile" in w)))


class PromqlSource(_Measured):
    """A Prometheus server's query API; `query` is PromQL, `errors` and `requests` are series of counters."""

    value_key = "query"
    ways = (("errors", "requests"), ("query",))

    url: Url = Field(description="of the Prometheus server, without /api")
    headers: Headers = Field({}, description="sent with every request")
    params: dict[Text, Text] = Field(
        {}, description="further parameters of the query API, as partial_response or timeout"
    )
    query: Text | None = Field(None, description="PromQL that gives one number")

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for what, text in (("errors", self.errors), ("requests", self.requests)):
            if text is not None and not is_series(text):
                yield Fault(what, not_series(text), ())

    @property
    def addresses(self) -> tuple[str, ...]:
        """The server's, in plain text."""
        return (self.url.get_secret_value(),)


class HttpCheckSource(_Http):
    """Requests of our own: their errors (no answer, 5xx) or the time they take."""

    measure: Literal["errors", "time"] = Field("errors", description="what is measured: errors or time")
    method: Literal["GET", "HEAD"] = Field("GET", description="the request")

    @property
    def measures(self) -> Kind | None:
        return Kind.RATIO if self.measure == "errors" else Kind.TIME


class SqlSource(_Source):
    """One statement in the target's database, with the polling role, on a connection of its own."""

    query: Text = Field(description="a SELECT that gives one number")
    unit: Unit = Field(description="unit of the value: ratio, percent, s, ms or count")

    @property
    def measures(self) -> Kind | None:
        return UNIT_KINDS[self.unit]


AnySource: TypeAlias = JsonSource | PrometheusSource | PromqlSource | HttpCheckSource | SqlSource


class MetricSource(Section):
    """Exactly one kind of source."""

    json_: JsonSource | None = Field(None, alias="json")
    prometheus: PrometheusSource | None = None
    promql: PromqlSource | None = None
    http_check: HttpCheckSource | None = None
    sql: SqlSource | None = None

    @property
    def kind(self) -> str:
        """`json`, `prometheus`, `promql`, `http_check` or `sql`."""
        return next(iter(self.written()))

    @property
    def spec(self) -> AnySource:
        """The source itself."""
        return next(iter(self.written().values()))

    def written(self) -> dict[str, AnySource]:
        """The kinds that are there, by name: one, in a good file."""
        found = {(f.alias or name): getattr(self, name) for name, f in type(self).model_fields.items()}
        return {kind: spec for kind, spec in found.items() if spec is not None}

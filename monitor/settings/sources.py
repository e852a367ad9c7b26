"""Where a metric may come from: one model for each kind of source.

Each says what it measures (`measures`: a ratio, a time or a count) and which of its keys do not go
together (`faults`). This file does not read anything from a source.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

import jmespath  # type: ignore[import-untyped]  # it has no stubs
import jmespath.exceptions  # type: ignore[import-untyped]
from pydantic import Field

from monitor.options import Fault, Flag, Mean, Quantile, Secret, Section, Size, Text, Texts, Url, key
from monitor.promql import is_series, not_series
from monitor.units import Kind, unit_of_name

Headers: TypeAlias = dict[Text, Secret]
Unit: TypeAlias = Literal["ratio", "percent", "s", "ms", "us", "count"]

Preset: TypeAlias = Literal[
    "auto", "generic",
    "fastapi", "starlette", "django", "flask", "litestar", "aiohttp",
    "express", "fastify", "hono",
    "opentelemetry", "spring", "quarkus", "aspnet", "rails", "rack", "phoenix", "gin", "go",
    "nginx-vts", "ingress-nginx", "traefik", "haproxy", "caddy", "envoy", "istio", "linkerd", "kong",
]  # fmt: skip
"""Those of `monitor.sources.presets`, and `auto`: the one that the page fits. A test holds them
together."""

UNIT_KINDS: dict[str, Kind] = {
    "ratio": Kind.RATIO,
    "percent": Kind.RATIO,
    "s": Kind.TIME,
    "ms": Kind.TIME,
    "us": Kind.TIME,
    "count": Kind.COUNT,
}


COUNTERS = ("errors", "requests")
UNIT = "unit of the value: ratio, percent, s, ms, us or count; default: as the name ends"
REQUESTS = "where the counter of all requests is; also beside a ratio, as its counts"
WITHOUT_COUNTS = "a ratio may act with no number of requests behind it: one of one is 100 %"
PLAIN_PATH = re.compile(r"[A-Za-z_][\w.]*")


class _Source(Section):
    """What all kinds share."""

    @property
    @abstractmethod
    def measures(self) -> Kind | None:
        """What the metric's values are; None when the unit is missing."""

    @property
    def counted(self) -> bool:
        """Whether it says how many requests stand behind its value."""
        return False

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
    """A value with a unit, or counters of errors and requests.

    Each kind has its own `errors` and `requests`: what finds a counter differs.
    """

    value_key: ClassVar[str] = "value"
    ways: ClassVar[tuple[tuple[str, ...], ...]] = (COUNTERS, ("value",))

    unit: Unit | None = Field(None, description=UNIT)
    without_counts: Flag = key(False, WITHOUT_COUNTS)

    def named(self) -> str:
        """The name of what the value is, which may end with its unit; "" when it has none."""
        return ""

    @property
    def effective_unit(self) -> str | None:
        """As written, else as the name says."""
        return self.unit or unit_of_name(self.named()) or None

    @property
    def counted(self) -> bool:
        """Whether how many requests stand behind a ratio is read too."""
        return getattr(self, "requests", None) is not None

    @property
    def measures(self) -> Kind | None:
        if getattr(self, self.value_key) is None:
            counted = any(getattr(self, key) is not None for key in COUNTERS)
            return Kind.RATIO if counted else None
        return UNIT_KINDS.get(self.effective_unit or "")

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self._one_of(*self._ways())
        yield from self._of_unit()
        yield from self._of_counters()

    def _ways(self) -> Iterator[tuple[str, ...]]:
        """`requests` beside a value are its counts, not another way to measure."""
        beside = getattr(self, self.value_key) is not None and getattr(self, "errors", None) is None
        return (way for way in self.ways if not (beside and way == COUNTERS))

    def _of_unit(self) -> Iterator[Fault]:
        valued, told = getattr(self, self.value_key) is not None, unit_of_name(self.named())
        if valued and self.effective_unit is None:
            text = "has no unit: add `unit: ratio`, `percent`, `s`, `ms`, `us` or `count`"
            yield Fault("", text, ("unit", self.value_key))
        if self.unit is not None and told and told != self.unit:
            text = f"is `{self.unit}`, but `{self.named()}` says `{told}` by its name: remove `unit`"
            yield Fault("unit", f"{text}, or name what is in {self.unit}", (self.value_key,))
        if self.unit is not None and self.measures is Kind.RATIO and not valued:
            text = "has no place beside errors and requests, which make a ratio: remove it"
            yield Fault("unit", text, COUNTERS)

    def _of_counters(self) -> Iterator[Fault]:
        valued = getattr(self, self.value_key) is not None
        if valued and self.counted and self.measures not in {None, Kind.RATIO}:
            text = "are the counts of a ratio, and this is none: remove it"
            yield Fault("requests", text, (self.value_key, "unit"))
        if self.without_counts and (self.counted or not valued):
            text = "is for a ratio that has no `requests` beside it: remove it"
            yield Fault("without_counts", text, (*COUNTERS, self.value_key))
        same = getattr(self, "errors", None)
        if same is not None and same == getattr(self, "requests", None):
            text = "is the same as `requests`: every request would be an error; select the failed ones"
            yield Fault("errors", text, ("requests",))


class JsonSource(_Http, _Measured):
    """A JSON document; `value`, `errors`, `requests` and `timestamp` are JMESPath expressions."""

    errors: Text | None = Field(None, description="where the counter of failed requests is")
    requests: Text | None = Field(None, description=REQUESTS)
    value: Text | None = Field(None, description="JMESPath of the value")
    timestamp: Text | None = Field(
        None, description="JMESPath of the document's own time (epoch seconds or RFC 3339)"
    )

    def named(self) -> str:
        """The last key of a plain path."""
        return (self.value or "").rpartition(".")[2] if PLAIN_PATH.fullmatch(self.value or "") else ""

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for name in ("value", "errors", "requests", "timestamp"):
            text = getattr(self, name)
            if text is not None and not _is_jmespath(text):
                yield Fault(name, f"`{text}` is not a JMESPath expression: see https://jmespath.org", ())


def _is_jmespath(text: str) -> bool:
    try:
        jmespath.compile(text)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


class PrometheusSource(_Http, _Measured):
    """An exposition page; `requests`, `errors`, `histogram`, `mean` and `value` are series selectors."""

    ways = (("preset",), COUNTERS, ("histogram", "quantile"), ("mean",), ("value",))

    preset: Preset | None = Field(None, description="names the series of a known library; `auto` finds it")
    errors: Texts | None = Field(None, description="the counters of failed requests, added up")
    requests: Texts | None = Field(None, description=f"{REQUESTS}; several are added up")
    histogram: Text | None = Field(None, description="a histogram, without `_bucket`")
    quantile: Quantile | None = Field(None, description="which quantile of the histogram, as 0.95")
    mean: Mean | None = Field(None, description="what has `_sum` and `_count`; true: the preset's durations")
    value: Text | None = Field(None, description="a gauge; of several instances the maximum is taken")
    max_page: Size = key("64MiB", "a longer page is not read to its end, and is no data")

    def named(self) -> str:
        text = self.value or self.histogram or self.mean or ""
        return text.partition("{")[0].strip().removesuffix("_bucket")

    @property
    def measures(self) -> Kind | None:
        if any(getattr(self, key) is not None for key in ("quantile", "histogram", "mean")):
            return Kind.TIME
        return Kind.RATIO if self.preset is not None else super().measures

    @property
    def counted(self) -> bool:
        return self.preset is not None or super().counted

    def _ways(self) -> Iterator[tuple[str, ...]]:
        """With a preset `quantile` or `mean: true` may stand beside: they ask for its durations."""
        beside: set[tuple[str, ...]] = {("mean",)} if self.mean == "" else set()
        if self.quantile is not None and self.histogram is None:
            beside = {("histogram", "quantile")}
        return (way for way in super()._ways() if self.preset is None or way not in beside)

    def _of_unit(self) -> Iterator[Fault]:
        yield from super()._of_unit()
        if self.named() and self.value is None and self.effective_unit is None:
            text = f"has no unit, and the name `{self.named()}` says none: add `unit: s`, `ms` or `us`"
            yield Fault("", text, ("unit", "histogram", "mean"))
        if self.measures is Kind.TIME and UNIT_KINDS.get(self.unit or "s") is not Kind.TIME:
            yield Fault("unit", "is none of a time: write `s`, `ms` or `us`", ("value",))
        if self.mean == "" and self.preset is None:
            text = "is `true`, but there is no preset: write the name before _sum and _count"
            yield Fault("mean", text, ("preset",))


class PromqlSource(_Measured):
    """A Prometheus server's query API; `query` is PromQL, `errors` and `requests` are series of counters."""

    value_key = "query"
    ways = (COUNTERS, ("query",))

    url: Url = Field(description="of the Prometheus server, without /api")
    headers: Headers = Field({}, description="sent with every request")
    params: dict[Text, Text] = Field(
        {}, description="further parameters of the query API, as partial_response or timeout"
    )
    errors: Text | None = Field(None, description="the series that count failed requests")
    requests: Text | None = Field(None, description=REQUESTS)
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
    def counted(self) -> bool:
        return self.measure == "errors"

    @property
    def measures(self) -> Kind | None:
        return Kind.RATIO if self.measure == "errors" else Kind.TIME


class SqlSource(_Source):
    """One statement in the target's database, with the polling role, on a connection of its own."""

    query: Text = Field(description="a SELECT that gives one number")
    unit: Unit = Field(description=UNIT)
    without_counts: Flag = key(False, WITHOUT_COUNTS)

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

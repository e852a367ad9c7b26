"""What the configuration of a source is: its keys, what is wrong with them together, and the probe itself.

Keys are written in the kinds of `monitor.options`: each is read, shown in the JSON Schema and in the table of
keys by its kind. Addresses and headers are hidden in every error, and revealed for the probe alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from monitor.net import Net
from monitor.options import Fault, Flag, Secret, Section, Text, Url, key
from monitor.ports import CheckedProbe
from monitor.sources.endpoints import Pace
from monitor.sources.session import Session
from monitor.units import Kind, unit_of_name

Headers: TypeAlias = dict[Text, Secret]
Unit: TypeAlias = Literal["ratio", "percent", "s", "ms", "us", "count"]

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


@dataclass(frozen=True, slots=True)
class Reach:
    """By what a probe reads, and how often. `session`: a new connection to the target's database."""

    pace: Pace
    net: Net
    session: Callable[[], Session]


class SourceKeys(Section):
    """The keys of every source: none. A kind has its own, says what they measure, and opens its probe."""

    to_be_counted: ClassVar[str] = "add `requests`, the counter of all of them; "
    """How a ratio of this kind gets its counts beside it; "" where it can't."""

    @property
    @abstractmethod
    def measures(self) -> Kind | None:
        """What the metric's values are; None when the unit is missing."""

    @property
    def counted(self) -> bool:
        """Whether it says how many requests stand behind its value."""
        return False

    @property
    def gives_value(self) -> bool:
        """Whether a ratio is made by the source, not from counters by us."""
        return False

    @property
    def does_without(self) -> bool:
        """Whether a ratio may act with no number of requests behind it."""
        return False

    def faults(self) -> Iterator[Fault]:
        """What its keys must say together and do not; what is wrong with one alone its kind says."""
        yield from ()

    def instead(self, wanted: Kind) -> str:  # noqa: ARG002 - of some kinds a key says what is measured
        """What to change so that it measures what the limits are about."""
        return "change the source or the limits"

    @abstractmethod
    def open(self, metric: str, reach: Reach) -> CheckedProbe:
        """The probe of the metric. Raises OperatorError for what can't be read; its text holds no secret."""

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


class HttpKeys(SourceKeys):
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


class MeasuredKeys(SourceKeys):
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
    def gives_value(self) -> bool:
        return getattr(self, self.value_key) is not None

    @property
    def does_without(self) -> bool:
        return self.without_counts

    @property
    def measures(self) -> Kind | None:
        if not self.gives_value:
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
        beside = self.gives_value and getattr(self, "errors", None) is None
        return (way for way in self.ways if not (beside and way == COUNTERS))

    def _of_unit(self) -> Iterator[Fault]:
        told = unit_of_name(self.named())
        if self.gives_value and self.effective_unit is None:
            text = "has no unit: add `unit: ratio`, `percent`, `s`, `ms`, `us` or `count`"
            yield Fault("", text, ("unit", self.value_key))
        if self.unit is not None and told and told != self.unit:
            text = f"is `{self.unit}`, but `{self.named()}` says `{told}` by its name: remove `unit`"
            yield Fault("unit", f"{text}, or name what is in {self.unit}", (self.value_key,))
        if self.unit is not None and self.measures is Kind.RATIO and not self.gives_value:
            text = "has no place beside errors and requests, which make a ratio: remove it"
            yield Fault("unit", text, COUNTERS)

    def _of_counters(self) -> Iterator[Fault]:
        if self.gives_value and self.counted and self.measures not in {None, Kind.RATIO}:
            text = "are the counts of a ratio, and this is none: remove it"
            yield Fault("requests", text, (self.value_key, "unit"))
        if self.without_counts and (self.counted or not self.gives_value):
            text = "is for a ratio that has no `requests` beside it: remove it"
            yield Fault("without_counts", text, (*COUNTERS, self.value_key))
        same = getattr(self, "errors", None)
        if same is not None and same == getattr(self, "requests", None):
            text = "is the same as `requests`: every request would be an error; select the failed ones"
            yield Fault("errors", text, ("requests",))


def sent(headers: Mapping[str, Secret]) -> dict[str, str]:
    """Headers in plain text: for the probe, never for a log."""
    return {name: value.get_secret_value() for name, value in headers.items()}

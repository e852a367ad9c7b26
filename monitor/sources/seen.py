"""For `check`: what a page has of what is configured, in words.

What a page says is somebody else's text: only what looks like a word is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from monitor.ports import Finding, note, problem
from monitor.sources import doubts
from monitor.sources.doubts import PLAIN
from monitor.sources.exposition import Found, Line
from monitor.sources.histogram import bucket_of
from monitor.sources.presets import STATUS
from monitor.sources.selectors import Selector
from monitor.sources.series import Rate, Times
from monitor.sources.survey import Around

NO_STATUS = (
    "; nothing here says which requests failed: measure errors at a proxy that counts them by status, or by "
    "`http_check`"
)

SHOWN = 10
"""Names or values that are told of a page."""


def of_rate(rate: Rate, found: Found, around: Around) -> list[Finding]:
    """What is to be said of the requests and errors that this way counts on this page."""
    requests, errors = found.of(rate.requests), found.of(rate.errors)
    if not requests:
        absent = _absent(rate.requests[0].name, around) + around.fitting_rate()
        return _nothing(rate.requests, found) or [problem(absent)]
    if missing := doubts.lacking(rate, requests):
        labels = {label for line in requests for label in line.labels}
        remedy = around.fitting_rate() or ("" if labels & {*STATUS} else NO_STATUS)
        text = f"{doubts.unlabelled(missing)}; this page has {_words(labels) or 'no labels'}{remedy}"
        return [problem(text)]
    if why := doubts.unwritten(rate, requests) or doubts.counted_twice(rate, found):
        return [problem(why)]
    told = _all_fail(requests, errors) + _some_unlabelled(rate, requests)
    return told + _none_yet(rate, requests, found.lines)


def of_histogram(
    times: Times, limits: Sequence[float], bounds: Iterable[float], found: Found, around: Around
) -> list[Finding]:
    """What is to be said of a quantile: whether there are buckets, and where the limits fall into them."""
    wanted = (times.ending("_bucket"),)
    if found.of(wanted):
        return of_buckets(limits, bounds)
    name = times.base.name
    if without := around.instead_of_buckets(name):  # declared, but as what never gets buckets
        return [problem(_absent(f"{name}_bucket", around) + without)]
    absent = _absent(f"{name}_bucket", around) + around.fitting_times()
    return _nothing(wanted, found) or [problem(absent)]


def of_mean(times: Times, found: Found, around: Around) -> list[Finding]:
    """What is to be said of a mean: it needs a sum and a count."""
    for ending in ("_count", "_sum"):
        wanted = (times.ending(ending),)
        if not found.of(wanted):
            absent = _absent(wanted[0].name, around) + around.fitting_times()
            return _nothing(wanted, found) or [problem(absent)]
    return []


def of_gauge(gauge: Selector, requests: Sequence[Selector], found: Found, around: Around) -> list[Finding]:
    """What is to be said of a value, and of the requests beside it."""
    for wanted in ((gauge,), tuple(requests)) if requests else ((gauge,),):
        if not found.of(wanted):
            return _nothing(wanted, found) or [problem(_absent(wanted[0].name, around))]
    return []


def _nothing(wanted: Sequence[Selector], found: Found) -> list[Finding]:
    """Of a metric without a series: it is declared, or its series are others; [] where it is not there."""
    if conditions := other_labels(wanted, found.lines):
        return [problem(conditions)]
    declared = [s.name for s in wanted if found.declares((s,))]
    return [
        note(f"the page declares `{name}`, but has no sample of it yet: quiet until then")
        for name in declared
    ]


def _absent(name: str, around: Around) -> str:
    return f"the page has no series `{name}`{around.nearest(name)}"


def of_buckets(limits: Sequence[float], bounds: Iterable[float]) -> list[Finding]:
    """Where the limits of a quantile fall: inside a bucket nobody can tell on which side it is."""
    known = sorted({*bounds} - {inf})
    if not known:
        return []
    largest, lowest = known[-1], min(limits, default=0.0)
    told = []
    for limit in limits:
        low, high = bucket_of(limit, known)
        if limit > largest or (limit == largest and limit != lowest):
            text = f"the largest bucket ends at {largest:g} ms: nothing tells when {limit:g} ms are exceeded"
            told.append(problem(f"{text}; let the application have a bucket above it"))
        elif limit != high:
            text = f"the limit of {limit:g} ms falls into the bucket {low:g}–{high:g} ms"
            told.append(note(f"{text}: it counts as exceeded from {high:g} ms on"))
    return told


def other_labels(wanted: Sequence[Selector], found: Sequence[Line]) -> str:
    """What the series of a name have for labels, when the conditions hold for none; "" without a series."""
    lines = [line for line in found if any(s.names(line.name) for s in wanted)]
    if not lines:
        return ""
    labels = sorted({m.label for s in wanted for m in s.matchers})
    has = _words({label for line in lines for label in line.labels}) or "no labels"
    values = "".join(f"; {label} is {_values_of(label, lines)}" for label in labels)
    return f"the page has `{lines[0].name}`, but no series of it meets the conditions: it has {has}{values}"


def _all_fail(requests: Sequence[Line], errors: Sequence[Line]) -> list[Finding]:
    """Errors of the same series as the requests, all of them: either all fails, or the selector means all."""
    counted = sum(line.value for line in requests)
    if not counted or {line.series for line in requests} != {line.series for line in errors}:
        return []
    text = f"all {counted:,.0f} requests of the page are errors"
    return [problem(f"{text}: either nothing works, or `errors` selects what does not fail")]


def _some_unlabelled(rate: Rate, requests: Sequence[Line]) -> list[Finding]:
    """Requests beside the others that lack what says an error: theirs are never counted."""
    labels = {m.label for s in rate.errors for m in s.matchers if not m.holds({})} - {
        m.label for s in rate.requests for m in s.matchers
    }
    names = {line.name for line in requests if any(s.names(line.name) and s.matchers for s in rate.errors)}
    asked = [line for line in requests if line.name in names]
    without = [line for line in asked if labels and not labels & line.labels.keys()]
    if not without or sum(line.value for line in without) == 0:
        return []
    text = f"{len(without)} of {len(asked)} series have no label {' or '.join(sorted(labels))}"
    return [note(f"{text}: an error of theirs is never counted")]


def _none_yet(rate: Rate, requests: Sequence[Line], found: Sequence[Line]) -> list[Finding]:
    """A note when no series is an error: the selector may be one that never holds."""
    if not rate.errors or Found(tuple(found)).of(rate.errors):
        return []
    named = [line for line in found if any(s.names(line.name) for s in rate.errors)]
    if not named:
        name = rate.errors[0].name
        return [note(f"the page has no series `{name}`: no error is counted until there is one")]
    asked = {m for s in rate.requests for m in s.matchers}
    labels = dict.fromkeys(m.label for s in rate.errors for m in s.matchers if m not in asked)
    values = "".join(f": {label} is {_values_of(label, requests or named)}" for label in labels)
    return [note(f"no series is an error yet{values}; check that an error would be another one")]


def _values_of(label: str, found: Iterable[Line]) -> str:
    return _words({line.labels.get(label, "") for line in found}) or "of another kind"


def _words(texts: Iterable[str]) -> str:
    return ", ".join([text for text in sorted(texts) if PLAIN.fullmatch(text)][:SHOWN])

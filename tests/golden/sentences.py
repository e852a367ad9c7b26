"""Sentences that stand in tables or hang on values alone: each asked for directly, none left to chance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.channels.post import deliver
from monitor.channels.slack_bot import REFUSED, SlackBot
from monitor.cli.exits import BY_VERDICT, MEANINGS
from monitor.core.events import Verdict
from monitor.core.samples import SECOND
from monitor.errors import ChannelError, MonitorError, SourceError
from monitor.plan.estimate import Network
from monitor.ports import AtRisk, Fate, RehearsalOutcome, loss_sentences
from monitor.present.events import OUTCOMES, sentence
from monitor.present.metrics import value
from monitor.present.reasons import WORDS
from monitor.present.rehearsals import rehearsal_told
from monitor.present.times import moment, span, until, utc
from monitor.present.verdicts import HELPED, How, aftermath_view, told
from monitor.statements.registry import KINDS
from monitor.units import Kind, show_evidence, show_proven, show_score, show_span, show_value
from tests.alerts import FIRING
from tests.golden.text import dumped, plain
from tests.unit.test_report_sentences import AT, METRICS, TOLD

NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC."""

SAID = ("statement", "klass", "loss", "scans", "transactional")
"""What people see of a kind of statement."""


async def tables() -> str:
    """Every table of sentences, and what is made of values by a rule."""
    return dumped({
        "why a metric is not measured": WORDS,
        "exit codes": {"by verdict": BY_VERDICT, "meanings": MEANINGS},
        "endings": dict(_endings()),
        "whether it helped": HELPED,
        "outcomes in a report": OUTCOMES,
        "events in a report": [[kind, _of_event(kind, detail)] for kind, detail, _ in TOLD],
        "kinds of statement": {
            name: {part: plain(getattr(kind, part)) for part in SAID} for name, kind in KINDS.items()
        },
        "what a rollback takes": list(_losses()),
        "rehearsals": list(_rehearsals()),
        "the time under the lock": list(_estimates()),
        "amounts": dict(_amounts()),
        "channels": {name: await _refused(said, "bot" * (said == NO_API)) for name, said in ANSWERS.items()},
        "slack's own words": {word: await _refused((200, json.dumps({"ok": False, "error": word})), "/chat")
                              for word in sorted({*REFUSED, "ratelimited"})},
    })  # fmt: skip


def _endings() -> Iterator[tuple[str, str]]:
    ways: Mapping[str, How] = {
        "": How(),
        "changed nothing": How(untouched=True),
        "awaited": How(aftermath=aftermath_view(NOON)),
        "helped": How(aftermath=aftermath_view(NOON, NOON, True)),
        "did not help": How(aftermath=aftermath_view(NOON, NOON, False)),
        "not known": How(aftermath=aftermath_view(NOON, NOON)),
        "overtaken": How(aftermath=aftermath_view(NOON, NOON, None, "0043_next")),
    }
    for verdict in Verdict:
        for name, how in ways.items():
            yield f"{verdict.value} {name}".strip(), told(verdict.value, how, "12:00:00 UTC")


def _of_event(kind: str, detail: Mapping[str, Any]) -> str:
    return sentence({"kind": kind, "detail": detail, "at": AT}, METRICS)


def _losses() -> Iterator[Any]:
    for fate in Fate:
        for count, bound, what in (
            (None, "", "rows"),
            (0, "", "rows"),
            (1, "", "values"),
            (8540, "about", "values"),
        ):
            yield loss_sentences((AtRisk("contacts.email", what, count, bound, fate),))


def _rehearsals() -> Iterator[str]:
    yield rehearsal_told(None)
    for outcome in RehearsalOutcome:
        yield rehearsal_told({"at": NOON, "outcome": outcome.value, "said": "what was seen"})


def _estimates() -> Iterator[Any]:
    for trips, round_trip in ((0, 0.0), (14, 0.0004), (14, 0.08), (40, 0.4)):
        network = Network(trips, round_trip)
        for work in (0.01, 2.0, 30.0):
            yield [trips, round_trip, work, network.told(), network.too_long(work, 2.0)]


def _amounts() -> Iterator[tuple[str, Any]]:
    values = (0, 0.00049, 0.001, 0.0123, 0.5, 1, 59.9, 250.04, 1234.5)
    yield "values", {kind.value: [show_value(kind, one) for one in values] for kind in Kind}
    yield (
        "on the terminal",
        {kind.value: [value(one, kind.value) for one in (None, *values)] for kind in Kind},
    )
    spans = (0, 0.4, 1, 59, 60, 90, 3599, 3600, 86_399, 86_400, 90_061, 400_000)
    yield "spans", [[show_span(round(s * SECOND)), span(s)] for s in spans]
    yield (
        "moments",
        [[utc(NOON + s), moment(NOON + s, NOON), until(NOON + s, NOON)] for s in (-90_000, -5, 0, 5, 90_000)],
    )
    yield "evidence", [show_evidence(3, 40, 5.5, 9), show_evidence(2404, 40031, 10.8, 9), show_score(8.99, 9)]
    yield "proof", [show_proven(3, 2140, 3000, normal=n) for n in (True, False)]


NO_API = (200, "<html>")

ANSWERS: Mapping[str, tuple[int, str] | Exception] = {
    "no API of Slack's": NO_API,
    "400": (400, ""),
    "403": (403, ""),
    "404": (404, ""),
    "429": (429, ""),
    "500": (500, ""),
    "301": (301, ""),
    "no answer": TimeoutError(),
    "no way": OSError(),
    "no name": SourceError("dns", "the host name can't be resolved"),
    "a bad address": SourceError("url", "it has no host"),
}


async def _refused(answer: tuple[int, str] | Exception, path: str = "") -> Any:
    async def post(
        url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        if isinstance(answer, Exception):
            raise answer
        return answer[0], {"retry-after": "30"}, answer[1].encode()

    try:
        if path:
            await SlackBot("slack", post, "xoxb", "C1").send("key", FIRING)
        else:
            await deliver(post, "https://example/x", b"{}", {})
    except ChannelError as e:
        return [str(e), plain(e.final), plain(e.retry_after)]
    except MonitorError as e:
        return str(e)
    return "taken"

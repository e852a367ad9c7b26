"""What the surfaces make of the stories: JSON, terminal, channels, metrics page, report."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from rich.console import Console, RenderableType
from structlog.testing import capture_logs

from monitor.backend import event_view, view_of
from monitor.channels.log import Log
from monitor.channels.pagerduty import PagerDuty
from monitor.channels.slack import Slack
from monitor.channels.slack_bot import SlackBot
from monitor.channels.webhook import Webhook
from monitor.cli import live, screen
from monitor.core.samples import MINUTE, SECOND
from monitor.core.thresholds import Mode
from monitor.ports import Alert, Json
from monitor.present import terminal as words
from monitor.present.changes import changed_lines
from monitor.report import Source, gather, page
from tests.fakes import MemoryStore
from tests.golden import stories
from tests.golden.days import CHART, KINDS, POLICY, Day, row
from tests.golden.days_watched import CHANGES
from tests.golden.text import dumped, filled, plain
from tests.hands import START, HandClock

WIDE = 100

REPORTED = ("breach", "normal", "controls", "counted", "baseline", "outcome_unverified", "way")


@cache
def days() -> Mapping[str, Day]:
    """Every story, told once."""
    return {name: stories.told(name) for name in stories.STORIES}


async def told() -> str:
    return "".join(f"# {name}: {_about(name)}\n{chr(10).join(day.lines)}\n\n" for name, day in days().items())


def _about(name: str) -> str:
    return (
        "its outcome"
        if name.startswith("outcome_")
        else (stories.STORIES[name].__doc__ or "").splitlines()[0]
    )


@cache
def views() -> Mapping[str, Json]:
    """The JSON of watches, one for each way in which they can be."""
    found: dict[str, Json] = {}
    ways = set()
    for name, day in days().items():
        for step, view in day.views.items():
            v: Any = view
            way = _way(v)
            if way not in ways:
                ways.add(way)
                found[f"{name}: {step}"] = view
    return found


def _way(view: Any) -> tuple[object, ...]:
    """What makes a watch another for whoever reads of it."""
    helped = (view["aftermath"] or {}).get("helped", "")
    streaks = view["streaks"] if view["verdict"] is None else ()
    odd = {
        name for s in streaks for name in ("insufficient_evidence", "still_so") if s[name] is (name[0] == "i")
    }
    odd |= {name for m in view["metrics"].values() for name in ("quiet", "blind", "in_part_ours") if m[name]}
    return (
        view["phase"], view["verdict"], view["superseded"], view["untouched"], str(helped), view["mode"],
        view["already_breaching"], view["no_rollback"], bool(view["attempt"]), view["readiness"]["ok"],
        bool(view["ledger_lost"]), view["readiness"]["codes"] == ["unchecked"], *sorted(odd),
    )  # fmt: skip


async def as_json() -> str:
    """The first whole, the others by what is otherwise."""
    (first, whole), *others = views().items()
    shown = {name: _otherwise(whole, view) for name, view in others}
    return dumped({first: whole, **shown})


def _otherwise(first: Any, view: Any) -> Any:
    return {k: v for k, v in plain(view).items() if k not in first or plain(first[k]) != v}


async def of_events() -> str:
    """Every kind of event as the API gives it, the first of its kind."""
    found: dict[str, Any] = {}
    for day in days().values():
        for event in (e for r in day.records for e in r.events):
            found.setdefault(event.kind, event_view(replace(event, id=7)))
    return dumped(found)


async def terminal() -> str:
    """`status`, `status --follow` and `watch` of these watches, as they are and with a silent daemon."""
    known: set[tuple[object, object]] = set()
    texts = []
    for name, shown in views().items():
        view: Any = shown
        new, now = (view["phase"], view["verdict"]) not in known, float(view["updated_at"])
        known.add((view["phase"], view["verdict"]))
        texts += [f"# {name}\n{text}\n" for text in _on_terminal(view, now, whole=new)]
    return "".join(texts)


def _on_terminal(view: Any, now: float, *, whole: bool) -> Iterator[str]:
    """`whole`: with what an hour later and `watch` show of it, too."""
    yield _drawn(screen.watch(view, _kinds(), now))
    if not whole:
        return
    yield _drawn(live.picture(view, CHART, CHANGES, _kinds(), now + 3600))
    plan, changed = words.plan_lines(view), changed_lines(CHANGES)
    yield "\n".join([words.title(view), *words.opening_lines(view), *plan, *changed]) + "\n"


def _kinds() -> dict[str, str]:
    return {name: kind.value for name, kind in KINDS.items()}


def _drawn(shown: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDE, color_system=None, legacy_windows=False).print(shown)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


class Caught:
    """A post that keeps what is sent and takes everything."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def __call__(
        self, url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.sent.append({"url": url, "headers": dict(headers), "body": json.loads(content)})
        return 200, {}, b'{"ok": true, "channel": "C1", "ts": "17.5"}'


async def channels() -> str:
    """Each alert, the first of its kind, as each channel sends it."""
    found = {}
    for alert in _first_of_each(a for day in days().values() for a in day.alerts()):
        found[_kind(alert)] = await _sent(alert)
    return dumped(found)


def _first_of_each(alerts: Iterator[Alert]) -> Iterator[Alert]:
    known = set()
    for alert in alerts:
        if (kind := _kind(alert)) not in known:
            known.add(kind)
            yield alert


def _kind(alert: Alert) -> str:
    named = re.sub(r"/\d+", "", alert.transition)
    how = ("quiet",) if alert.quiet else ()
    return " ".join((named, *(("resolves",) if alert.resolves else ()), *how))


async def _sent(alert: Alert) -> Any:
    """By the address that it goes to; what is said twice stands once."""
    key = f"{alert.watch_id}/{alert.transition}/channel"
    caught = Caught()
    bot = SlackBot("slack", caught, "xoxb", "C1")
    pager = PagerDuty("pagerduty", caught, "key")
    hook = Webhook("webhook", caught, "https://example/x", "whsec_YQ==", lambda: START / SECOND)
    for channel in (Slack("slack", caught, "https://hooks.example/x"), bot, pager, hook):
        if channel.takes(alert):
            await channel.send(key, alert, "")
    with capture_logs() as logged:
        await Log("log").send(key, alert)
    by_url: dict[str, list[Any]] = {}
    for one in caught.sent:
        by_url.setdefault(one["url"], []).append({k: v for k, v in one.items() if k != "url"})
    hooked = by_url.get("https://hooks.example/x", [{"body": {}}])[0]["body"]
    for one in by_url.get("https://slack.com/api/chat.postMessage", ()):
        one["body"] = {k: "as above" if v == hooked.get(k) else v for k, v in one["body"].items()}
    lines = [{k: v for k, v in line.items() if k not in SAID_ABOVE} for line in logged]
    return filled(plain({"log": lines, **by_url}))


SAID_ABOVE = {"facts", "next", "commands", "title"}
"""Keys of a log line that the other channels say in the same words."""


async def reports() -> str:
    """The page of a report, a tag a line; and its document's keys that are not on the page."""
    texts = []
    for name in REPORTED:
        document = await _document(name)
        texts.append(f"# {name}\n{tags(page(document))}\n")
    return "\n".join(texts)


async def documents() -> str:
    return dumped({name: await _document(name) for name in REPORTED[:1]})


async def _document(name: str) -> Json:
    day, clock = days()[name], HandClock(START)
    store = MemoryStore("shop", clock)
    store.rows["w-1"] = row("w-1", 1, Mode.AUTO, POLICY)
    if name in COMPARED:
        store.compared["w-1"] = ({}, COMPARED[name])
    for record in day.records:
        await store.record(record)
    clock.moment = day.clock.moment
    found = await store.find("w-1")
    assert found is not None
    return await gather(Source(store, found, view_of(found), MINUTE), day.clock.moment)


LONG = re.compile(r'(?<=")[MmLlHhVvZz0-9., -]{80,}(?=")')
STYLE = re.compile(r"(<style>).*?(</style>)", re.DOTALL)


_ROW = {"statement": "SELECT $1", "mean_before_ms": 1.25, "mean_ms": 84.0, "calls": 40.0, "total_ms": 3360.0}

COMPARED: Mapping[str, Json] = {
    "counted": {
        "since": float(START // SECOND), "at": START / SECOND + 60,
        "statements": {
            "reset": True, "slower": [_ROW], "heavier": [_ROW], "new": [{**_ROW, "mean_before_ms": None}],
            "gone": [_ROW],
        },
        "lock_waits": [{"relation": "public.contacts", "waiting": 3, "longest_seconds": 12.5}],
        "invalid_indexes": [{"name": "a", "relation": "public.t", "new": new} for new in (True, False)],
    },
    "baseline": {
        "since": float(START // SECOND), "at": START / SECOND + 60, "statements": None, "lock_waits": [],
        "invalid_indexes": [],
    },
    "way": {
        "since": float(START // SECOND), "at": START / SECOND + 60, "lock_waits": [], "invalid_indexes": [],
        "statements": {"reset": False, "slower": [], "heavier": [], "new": [], "gone": []},
    },
}  # fmt: skip
"""What changed in the database, of these reports."""


def tags(html: str) -> str:
    html = STYLE.sub(r"\1…\2", html)
    return LONG.sub("…", html.replace("><", ">\n<"))

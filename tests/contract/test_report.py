"""The report of a watch: what it says comes from the store alone, can be checked, and is safe to open."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from monitor.backend import view_of
from monitor.core.decisions import StreakFiring
from monitor.core.events import Measured, Verdict
from monitor.core.samples import HOUR, SECOND, Reading
from monitor.core.state import new_state
from monitor.core.thresholds import Policy
from monitor.core.view import evidence_view
from monitor.core.watch import step
from monitor.ports import EventRow, Json, Record, SampleRow, WatchRow
from monitor.present.verdicts import ENDINGS, UNTOUCHED
from monitor.report import Source, gather, page
from tests.contract.conftest import Stored
from tests.stored import T0, alert, registration, update

FIRED = T0 + 400 * SECOND
SINCE = T0 + 100 * SECOND
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>"

VIEW: dict[str, Any] = {
    "id": "w", "migration": "0042_contacts", "target": "shop", "mode": "auto", "phase": "ended",
    "verdict": "rolled_back", "started_at": T0 / SECOND, "verdict_at": (FIRED + SECOND) / SECOND,
    "reason": HOSTILE, "digest": "feed", "rehearsal": None,
    "metrics": {
        "error_rate": {
            "unit": "ratio", "limits": {"normal_below": 0.001, "rollback_above": 0.01},
            "rules": [{"action": "rollback", "limit": 0.01, "hold_seconds": 300.0}],
            "proven": {"errors": 3.0, "requests": 2140.0, "needed": 3000.0, "normal": False,
                       "left_out_minutes": 5},
        },
        "response_time": {"unit": "time", "limits": {"normal_below": 200.0, "investigate_above": 500.0}},
    },
    "coverage": {
        "unobserved_seconds": 40.0, "unobserved_allowed_seconds": 4320.0,
        "abnormal_seconds": 300.0, "abnormal_allowed_seconds": 864.0,
    },
    "plan": [{"step": 1, "sql": "SELECT '" + HOSTILE, "class": "lossy", "sha256": "abcdef0123456789ff"}],
}  # fmt: skip


class Strict(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.given: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.given += [(tag, name, value or "") for name, value in attrs]


def event(watch: WatchRow, at: int, kind: str, **detail: Any) -> EventRow:
    return EventRow(watch.id, at, kind, detail, f"{watch.id}/{kind}/{at}")


def samples() -> list[SampleRow]:
    """Before the breach 1 in 1000, then 3 of 50 every 5 s, 60 s without data in between."""
    found = []
    for n in range(0, 500, 5):
        at = T0 + n * SECOND
        bad = 100 <= n <= 405
        if 40 <= n < 80:
            found.append(SampleRow("error_rate", at, None, "timeout"))
        else:
            found.append(
                SampleRow("error_rate", at, 0.06 if bad else 0.0, "", False, 3.0 if bad else 0.0, 50.0)
            )
        found.append(SampleRow("response_time", at, 120.0 + n))
    return found


def fired() -> StreakFiring:
    """What the decision core says of these samples."""
    policy = Policy()
    state = new_state(policy, T0)
    for row in samples():
        reading = Reading(row.metric, row.value, row.reason, row.quiet, row.errors, row.requests)
        state, said = step(policy, state, Measured(row.at, reading))
        for decision in said:
            if isinstance(decision, StreakFiring) and decision.rule == "error_rate.rollback":
                return decision
    raise AssertionError("these samples are no breach")


async def told(stored: Stored) -> Json:
    """A watch with a rollback in its store; its report."""
    watch, _ = await stored.registry.register(registration())
    decided = fired()
    assert (decided.at, decided.since) == (FIRED, SINCE)
    firing = {
        "rule": decided.rule, "since": SINCE / SECOND, "evidence": evidence_view(decided.evidence),
        "limit": 0.01, "baseline": 0.0004,
    }  # fmt: skip
    events = (
        event(watch, SINCE, "pending", rule="error_rate.rollback", since=SINCE / SECOND),
        event(watch, FIRED, "firing", **firing),
        event(watch, FIRED, "rollback_decided", **firing),
        event(watch, FIRED + SECOND, "outcome_rolled_back", reason=HOSTILE,
              salvaged=[{"source": "public.contacts", "rows": 7, "into": "migration_monitor_salvage.w_1"}]),
        event(watch, FIRED + 60 * SECOND, "aftermath", helped=True),
    )  # fmt: skip
    row = update(watch, "ended", "rolled_back", FIRED + SECOND, HOSTILE)
    view = {**VIEW, "id": watch.id}
    record = Record((replace(row, view=view),), tuple(samples()), events, (alert(watch.id),))
    await stored.store.record(record)
    found = await stored.registry.find(watch.id)
    assert found is not None
    return await gather(Source(stored.registry, found, view_of(found)), T0 + 24 * HOUR)


async def test_the_evidence_can_be_recomputed_from_the_samples_in_the_report(stored: Stored) -> None:
    """Sums and score of the samples shown are those that the decision recorded, block by block."""
    document: Any = await told(stored)
    (proof,) = document["evidence"]
    assert proof["agrees"] is True
    assert (proof["limit"], proof["baseline"], proof["recorded"]["needed"]) == (0.01, 0.0004, 9)
    since = [s for s in proof["samples"] if s["at"] >= SINCE / SECOND]
    assert sum(s["errors"] for s in since) == proof["recorded"]["errors"] == 183
    assert sum(s["requests"] for s in since) == proof["recorded"]["requests"] == 3050
    found = proof["recomputed"]
    assert (found["samples"], found["ratio"]) == (61, 0.06)
    assert found["score"] == pytest.approx(proof["recorded"]["score"], abs=1e-9)
    assert found["blocks"][-1]["sum"] == found["score"] >= 9
    assert max(block["added"] for block in found["blocks"]) <= 9 / 5


async def test_a_firing_of_an_older_program_is_shown_as_it_was_recorded(stored: Stored) -> None:
    """It has counts and a bound of its own, and no score that could be found again."""
    document: Any = await told(stored)
    (proof,) = document["evidence"]
    old = {"since": SINCE / SECOND, "errors": 183.0, "requests": 3050.0, "lower_bound": 0.0496}
    again = {**proof, "recorded": old, "recomputed": None, "agrees": None}
    html = page({**document, "evidence": [again]})
    assert "183 errors in 3050 requests, as an older program weighed them." in html


async def test_samples_that_are_gone_are_told(stored: Stored) -> None:
    """Evidence that the store no longer bears out is not called the same."""
    document: Any = await told(stored)
    await stored.store.forget(T0 + 200 * SECOND)
    found = await stored.registry.find(document["watch"]["id"])
    assert found is not None
    again: Any = await gather(Source(stored.registry, found, view_of(found)), T0 + 24 * HOUR)
    assert [p["agrees"] for p in again["evidence"]] == [False]
    assert "other numbers" in page(again)


async def test_the_document_has_worst_values_coverage_timeline_alerts_and_what_was_kept(
    stored: Stored,
) -> None:
    """All that a page shows is in the document, and it is JSON."""
    document: Any = json.loads(json.dumps(await told(stored), allow_nan=False))
    assert document["worst"]["error_rate"]["value"] == 0.06
    assert document["worst"]["response_time"]["normal_below"] == 200
    assert document["coverage"]["abnormal"]["seconds"] == 300
    assert [e["kind"] for e in document["events"]][:3] == ["pending", "firing", "rollback_decided"]
    assert len(document["alerts"]) == 1
    assert document["salvaged"][0]["into"] == "migration_monitor_salvage.w_1"


async def test_the_page_is_complete_in_itself_and_hostile_text_stays_text(stored: Stored) -> None:
    """No script, no address, no inline style: nothing is loaded and nothing runs."""
    html = page(await told(stored))
    found = Strict(html)
    assert not {"script", "img", "iframe", "object", "form", "base"} & set(found.tags)
    asked = [
        (t, n, v) for t, n, v in found.given if n in {"src", "href", "action", "style"} or n.startswith("on")
    ]
    assert asked == [("link", "href", "data:,")]
    assert re.findall(r"https?://", html) == []
    assert "&lt;script&gt;alert(1)" in html
    for words in (
        "Rolled back:",
        "The rollback helped: all metrics are within their limits again.",
        "limit 1 % (baseline 0.04 %)",
        "The stored samples give the same numbers. 9 is needed.",
        "blocks, weighed for a rate of",
        "proven normal: 2,140 of 3,000 requests, 3 of them failed; the worst 5 minutes are left out.",
        "decided",
        "migration_monitor_salvage.w_1",
    ):
        assert words in html
    assert found.tags.count("svg") == 3


async def test_a_day_of_samples_is_a_page_of_less_than_a_megabyte(stored: Stored) -> None:
    """Summed up where it is stored: charts do not grow with the watch."""
    watch, _ = await stored.registry.register(registration())
    rows = [
        SampleRow(metric, T0 + n * 5 * SECOND, 0.0005 * (n % 7), "", False, float(n % 3), 100.0)
        for n in range(0, 17_280, 2)
        for metric in ("error_rate", "response_time")
    ]
    await stored.store.record(Record(samples=tuple(rows)))
    found = await stored.registry.find(watch.id)
    assert found is not None
    view = {**VIEW, "verdict": None, "verdict_at": None}
    document: Any = await gather(Source(stored.registry, replace(found, view=view), view), T0 + 24 * HOUR)
    assert all(400 < len(points) <= 481 for points in document["metrics"].values())
    assert len(page(document).encode()) < 200_000


async def test_a_watch_that_nobody_has_looked_at_has_a_report_too(stored: Stored) -> None:
    """No samples, no view of the daemon."""
    watch, _ = await stored.registry.register(registration())
    html = page(await gather(Source(stored.registry, watch, view_of(watch)), T0 + SECOND))
    assert "no verdict yet" in html
    assert "Waiting for the daemon" in html


VERIFY = 60 * SECOND


async def ended(stored: Stored, verdict: str, *events: tuple[str, Json]) -> Json:
    """A watch that ended at FIRED while another migration's bad traffic went on; its report a day later."""
    watch, _ = await stored.registry.register(registration())
    row = replace(update(watch, "ended", verdict, FIRED, ""), view={**VIEW, "id": watch.id})
    rows = [
        SampleRow("error_rate", T0 + n * SECOND, 0.06 if n > 405 else 0.02, "", False, 1.0, 50.0)
        for n in range(0, 900, 5)
    ]
    told = tuple(event(watch, FIRED, kind, **detail) for kind, detail in events)
    await stored.store.record(Record((row,), tuple(rows), told))
    found = await stored.registry.find(watch.id)
    assert found is not None
    view = {**view_of(found), "verdict": verdict, "verdict_at": FIRED / SECOND, "reason": ""}
    return await gather(Source(stored.registry, found, view, VERIFY), T0 + 24 * HOUR)


async def test_what_came_after_a_cancelled_watch_is_not_its_own(stored: Stored) -> None:
    """Worst values, charts and shares end with the verdict."""
    document: Any = await ended(stored, "cancelled")
    assert document["worst"]["error_rate"] == {"value": 0.02, "at": T0 / SECOND, "normal_below": 0.001}
    assert document["metrics"]["error_rate"][-1]["at"] == document["until"] == FIRED / SECOND
    assert document["coverage"]["of_seconds"] == 400
    assert document["coverage"]["unobserved"]["share"] == 40 / 400
    assert document["aftermath"] is None
    assert "after the rollback" not in page(document)


async def test_what_came_after_a_rollback_stands_apart_and_says_so(stored: Stored) -> None:
    """As long as it is watched to see whether it helped, and no longer; its answer is awaited as long."""
    document: Any = await ended(stored, "rolled_back")
    after = document["aftermath"]
    assert document["worst"]["error_rate"]["value"] == 0.02
    assert document["metrics"]["error_rate"][-1]["at"] == FIRED / SECOND
    assert after["metrics"]["error_rate"][0]["at"] == FIRED / SECOND + 5
    assert after["metrics"]["error_rate"][-1]["at"] == after["until"] == (FIRED + VERIFY) / SECOND
    assert (after["worst"]["error_rate"]["value"], after["judged"]) == (0.06, False)
    html = page(document)
    assert html.count(">after the rollback</text>") == 2
    for words in ('<th scope="col" class="n">after the rollback</th>', "Grey, with a dotted line: after"):
        assert words in html
    assert "Whether it helped was never verified." in html
    awaited = {**document, "generated_at": FIRED / SECOND}
    assert "Verifying whether it helped; result at 2023-11-14 22:21:00 UTC" in page(awaited)


@pytest.mark.parametrize(
    ("helped", "told"),
    [
        (True, 'boxed ok">The rollback helped: all metrics are within their limits again. ('),
        (False, 'boxed bad">The rollback did NOT help: the breach continues. No further automatic action'),
        (None, 'boxed warn">Can&#x27;t tell whether the rollback helped: not every metric is being measured'),
    ],
)
async def test_whether_it_helped_stands_out(stored: Stored, helped: bool | None, told: str) -> None:
    """In the words of the alert, under the verdict."""
    document = await ended(stored, "rolled_back", ("aftermath", {"helped": helped, "migration": "m"}))
    assert f'<p class="verdict {told}' in page(document)


@pytest.mark.parametrize(
    ("took_effect", "words"), [(0, UNTOUCHED.said), (1, ENDINGS[Verdict.FAILED].said)], ids=["none", "some"]
)
async def test_a_failed_rollback_is_told_as_its_alert_tells_it(
    stored: Stored, took_effect: int, words: str
) -> None:
    """Whether it changed anything is one truth: in the head and in the timeline."""
    failed = {"reason": "the server said no", "took_effect": took_effect}
    over = {"verdict": "failed", "reason": "the server said no"}
    html = page(await ended(stored, "failed", ("outcome_failed", failed), ("ended", over)))
    assert f'<p class="verdict bad">T{words[1:]}.</p>' in html
    assert f"{words}: the server said no</td>" in html


async def test_what_was_put_back_is_told_row_by_row(stored: Stored) -> None:
    """Its event holds a list."""
    document: Any = await ended(stored, "rolled_back")
    of = [{"name": "contacts.phone", "rows": 7, "restored": 5}]
    events = [*document["events"], {"at": FIRED / SECOND, "kind": "restored", "detail": {"of": of}}]
    assert "contacts.phone: 5 of 7 put back" in page({**document, "events": events})

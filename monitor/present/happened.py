"""What happened, as the page lists it: each event a line by itself, with its items under it.

The report has the kind of an event beside its sentence. Here only a moment stands beside it, so that a line
begins with what it is about where the sentence does not say that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitor.ports import Json
from monitor.present.events import NOT_READY, SENTENCES, Detail, said, texts
from monitor.present.metrics import Metrics

SHOWN = 5
"""Items of one event."""

LISTS = {
    "not_ready": "reasons",
    "rollback_blocked": "text",
    "rollback_cleared": "text",
    "rollback_budget_spent": "text",
}
"""Kinds that list something, each item a line of its own, and under which key."""

LEADS = {
    "registered": "registered",
    "rollback_intent": "the rollback begins: it can't be stopped any more",
    "rollback_retry": "the rollback is retried",
    "rollback_hindered": "the server could not do it for now; retrying",
    "rollback_refused_for_now": "the server accepts no connections; retrying",
    "rollback_in_doubt": "it is not known yet whether the rollback took effect",
    "rollback_settled": "the ledger has the outcome of the rollback",
    "rollback_resumed": "part took effect before a restart; the rest is being completed",
    "rollback_promoted": "another server is now the primary; nothing of the rollback was lost",
    "rollback_hook_pulled": "the hooks before it succeeded",
    "rollback_hook_failed": "a hook before it failed, the rollback continues",
    "rollback_hook_blocks": "a hook before it failed, the rollback waits for it",
    "ledger_lost": "a failover lost part of the ledger: a person must decide",
    "outcome_rolled_back": "rolled back",
    "outcome_unverified": "rolled back, but the schema is not as expected",
    "outcome_failed": "the rollback failed",
    "outcome_refused": "the rollback was refused",
    "outcome_withdrawn": "nothing took effect",
    "outcome_overruled": "a person was faster; nothing took effect",
    "outcome_ledger_lost": "the ledger has lost its intent; nothing is done",
    "outcome_resolved_externally": "found to be rolled back by hand",
    "restored": "the data the rollback kept was restored",
}
"""What a sentence goes on from, where the kind of the event does not stand beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """What happened, and what it lists: SHOWN of them, and how many `more`."""

    text: str
    list: Sequence[str] = ()
    more: int = 0


def with_sentences(events: Sequence[Json], watch: Mapping[str, Any]) -> list[Json]:
    """The rows as JSON, each with its line under `said`. `watch`: its JSON, {} where there is none."""
    metrics = Metrics(watch.get("metrics") or {})
    untouched = bool(watch.get("untouched"))
    return [{**event, "said": asdict(line(event, metrics, untouched=untouched))} for event in events]


def line(event: Mapping[str, Any], metrics: Metrics, *, untouched: bool = False) -> Line:
    """One event by itself. `untouched`: a failed rollback changed nothing, which its verdict's event says."""
    kind, detail = str(event["kind"]), _keyed(event["detail"])
    event = {**event, "detail": {**detail, "untouched": untouched} if kind == "ended" else detail}
    if kind in LISTS:
        listed = detail.get(LISTS[kind])
        found = texts(listed) if isinstance(listed, list | tuple) else []
        text = _list_lead(kind, detail, "; in the way" if found else "")
        return Line(f"{text}:" if found else text, found[:SHOWN], max(0, len(found) - SHOWN))
    lead = LEADS.get(kind, "" if kind in SENTENCES else kind.replace("_", " "))
    words = "" if kind.startswith("rollback_") and lead and not detail.get("text") else said(event, metrics)
    if kind in SENTENCES and not (lead or words):
        lead = kind.replace("_", " ")
    baseline, rule = detail.get("baseline"), detail.get("rule")
    if rule and isinstance(baseline, int | float):
        words += f" (baseline {metrics.value(rule, baseline)})"
    return Line(": ".join(filter(None, (lead, words))))


def _keyed(detail: object) -> Detail:
    """What was put back is a list of rows: under `of`, so that every detail has keys."""
    return detail if isinstance(detail, Mapping) else {"of": detail}


def _list_lead(kind: str, d: Detail, way: str) -> str:
    if kind == "not_ready":
        return NOT_READY
    if kind == "rollback_cleared":
        policy = f" ({d['policy']})" if d.get("policy") else ""
        return f"ended, as configured{policy}"
    if kind == "rollback_budget_spent":
        return f"its lock budget is spent, it keeps trying at longer intervals{way}"
    tries = d.get("tries") or 0
    which = f"{tries} tries" if tries > 1 else "the first try"
    return f"{which} did not get the locks{way}"

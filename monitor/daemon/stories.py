"""One story for each breach of a watch: from the first value that is not normal to what its rollback brought.

How it works:

1. What happened in one round becomes at most one message of a story; the gravest news leads it.
2. A message is due when the story begins, when it reaches a graver stage, when a person is wanted who was
   not before, at every step of a rollback, and when it is over. What is not graver than the stage is quiet,
   a change of what was told: for SOON after the story's last message (one cause shows in several metrics),
   and as long as a rollback is under way (its own locks make sessions wait). Later it is a message again.
3. A step back is quiet: either the story ends soon, or it grows again.
4. Of one story a pager has at most one incident open: that of its gravest open page. The next stage opens its
   own, which rings, and closes the one before.
5. It is over when nothing of it is open. What a rollback brought is told in the same thread after that.

This file sends nothing, and words nothing but the labels of facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.core.samples import MINUTE, Micros
from monitor.ports import Alert, Json, Stage
from monitor.ports.alerts import RANK, alert_from, alert_to
from monitor.present.facts import OURS

SOON: Micros = 5 * MINUTE
"""What joins a story within this time of its last message is taken for the same thing."""

STORIES_MAX = 50
"""Stories that are over and remembered, for what is told of them later."""

SAID_MAX = 40

INCIDENT: Mapping[str, str] = {
    Stage.NOT_NORMAL: "breach",
    Stage.BREACH: "breach",
    Stage.UNDECIDED: "breach",
    Stage.ASKED: "rollback",
    Stage.ROLLING: "rollback",
    Stage.STUCK: "stuck",
    Stage.OUTCOME: "outcome",
}
"""What a person is wanted for."""

UNDER_WAY = frozenset({Stage.ROLLING, Stage.STUCK})
MEASURED = frozenset({Stage.NOT_NORMAL, Stage.BREACH, Stage.UNDECIDED})


@dataclass(frozen=True, slots=True)
class Story:
    """`open`: what was raised and not closed, by condition. `incident`: what a pager has open; "" nothing.

    `said`: transitions that were told; a repeat after a restart has its key, and is dropped by it.
    """

    since: Micros
    began: str = ""
    told_at: Micros = 0
    open: Mapping[str, Alert] = field(default_factory=dict)
    incident: str = ""
    said: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return not self.open

    @property
    def rank(self) -> int:
        """Of its gravest open part; 0 when it is over."""
        return max((RANK[a.stage] for a in self.open.values()), default=0)

    @property
    def under_way(self) -> bool:
        """Whether a rollback is."""
        return any(a.stage in UNDER_WAY for a in self.open.values())


class Stories:
    """The stories of one target's watches."""

    def __init__(self) -> None:
        self._known: dict[str, Story] = {}

    def told(self, alerts: Sequence[Alert]) -> list[Alert]:
        """What goes out for the alerts of one round: at most one for each story; the others as they are."""
        parts: dict[str, list[Alert]] = {}
        found: list[Alert | str] = []  # an id: where the message of that watch's story has its place
        for alert in alerts:
            watch_id = alert.watch_id or ""
            if not (alert.stage and self._belongs(alert)):
                found.append(alert)
                continue
            if watch_id not in parts:
                found.append(watch_id)
            parts.setdefault(watch_id, []).append(alert)
        return [self._continued(one, parts[one]) if isinstance(one, str) else one for one in found]

    def reminder(self, alert: Alert) -> Alert:
        """The same alert as a part of its story."""
        story = self._known.get(alert.watch_id or "")
        if story is None or alert.condition not in story.open:
            return alert
        facts = (*alert.facts, *_beside(alert, story))
        return replace(alert, story=_name(alert, story), incident=story.incident, facts=facts)

    def memory(self) -> Json:
        return {
            watch_id: {
                "since": s.since, "began": s.began, "told_at": s.told_at, "incident": s.incident,
                "said": list(s.said),
                "open": {condition: alert_to(a) for condition, a in s.open.items()},
            }
            for watch_id, s in self._known.items()
        }  # fmt: skip

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Takes back what `memory` gave."""
        self._known = {
            watch_id: Story(
                **{
                    **stored,
                    "said": tuple(stored["said"]),
                    "open": {c: alert_from(a) for c, a in stored["open"].items()},
                }
            )
            for watch_id, stored in memory.items()
        }

    def _belongs(self, alert: Alert) -> bool:
        """A resolve of what no story knows (an older program told it) stands alone; so does a quiet end."""
        story = self._known.get(alert.watch_id or "")
        if alert.condition.endswith("/verdict"):
            return story is not None and not story.over
        if alert.resolves and alert.stage != Stage.OUTCOME:
            return story is not None and alert.condition in story.open
        return True

    def _continued(self, watch_id: str, group: Sequence[Alert]) -> Alert:
        lead = max(group, key=_weight)
        known = self._known.get(watch_id)
        if known is None or (known.over and lead.stage != Stage.OUTCOME):
            known = Story(lead.at, said=() if known is None else known.said)
        if lead.transition in known.said and (lead.resolves or lead.condition not in known.open):
            again = f"{lead.transition}/again/{lead.at}"  # it was taken back meanwhile
            lead = replace(lead, transition=again)
        grown = replace(known, open=_opened(known, group))
        wanted = _incident(known, grown, watch_id)
        grown = replace(grown, incident=wanted, began=known.began or lead.title)
        loud = _is_loud(known, lead, grown)
        if loud:
            grown = replace(grown, told_at=lead.at, said=(*known.said, lead.transition)[-SAID_MAX:])
        self._known[watch_id] = grown
        self._forget()
        return _message(known, grown, lead, loud=loud)

    def _forget(self) -> None:
        done = [w for w, story in self._known.items() if story.rank in {0, RANK[Stage.OUTCOME]}]
        for watch_id in done[: max(0, len(done) - STORIES_MAX)]:
            del self._known[watch_id]


def _message(before: Story, after: Story, lead: Alert, *, loud: bool) -> Alert:
    """What goes out. `page`: an incident opens with it, or it adds to one that is open."""
    top = max(after.open.values(), key=_weight, default=lead)
    shown = lead if loud else top
    rings = after.incident not in {"", before.incident}
    beginning = (("began as", before.began),) if before.began else ()
    return replace(
        shown, transition=lead.transition, at=lead.at,
        facts=(*shown.facts, *_beside(shown, after), *beginning),
        severity=top.severity if rings else shown.severity,
        resolves=after.over, quiet=not loud,
        page=lead.page if after.over else rings or (loud and lead.page and not lead.resolves),
        story=_name(lead, before), incident=before.incident if after.over else after.incident,
        closes=(before.incident,) if before.incident not in {"", after.incident} else (),
    )  # fmt: skip


def _weight(alert: Alert) -> tuple[int, bool, bool]:
    """The gravest first; what ends a hindrance on the way is no news beside the way itself."""
    aside = alert.resolves and alert.stage == Stage.STUCK
    return 0 if aside else RANK[alert.stage], not alert.resolves, alert.page


def _opened(story: Story, group: Sequence[Alert]) -> dict[str, Alert]:
    """What is open after these: an outcome ends all that led to it, and stays open if it wakes people."""
    found = dict(story.open)
    if any(a.stage == Stage.OUTCOME for a in group):
        found = {c: a for c, a in found.items() if a.stage == Stage.OUTCOME}
        group = [a for a in group if a.stage == Stage.OUTCOME]
    for alert in group:
        found.pop(alert.condition, None)
        if not alert.resolves and (alert.page or alert.stage != Stage.OUTCOME):
            found[alert.condition] = alert
    return found


def _is_loud(before: Story, lead: Alert, after: Story) -> bool:
    if not before.told_at or after.over or lead.stage == Stage.OUTCOME:
        return True
    if lead.resolves:
        return lead.stage in {Stage.ASKED, Stage.ROLLING}
    if RANK[lead.stage] >= RANK[Stage.ASKED] or RANK[lead.stage] > before.rank:
        return True
    if before.under_way:
        return False
    return (lead.page and not before.incident) or lead.at - before.told_at > SOON


def _incident(before: Story, after: Story, watch_id: str) -> str:
    """Of the gravest open page; not back from a hindrance to the rollback itself: good news does not ring."""
    stuck = f"{watch_id}/{INCIDENT[Stage.STUCK]}"
    if before.incident == stuck and after.under_way:
        return stuck
    paged = [a for a in after.open.values() if a.page]
    return f"{watch_id}/{INCIDENT[max(paged, key=_weight).stage]}" if paged else ""


def _name(alert: Alert, story: Story) -> str:
    return f"{alert.watch_id}/breach@{story.since}"


def _metric(alert: Alert) -> str:
    """The conditions of these stages are names of rules: `w-1f3a/error_rate.warn`."""
    return alert.condition.rpartition("/")[2].rpartition(".")[0] if alert.stage in MEASURED else ""


def _beside(lead: Alert, story: Story) -> tuple[tuple[str, str], ...]:
    """What else is not normal, the gravest of each metric."""
    found: dict[str, Alert] = {}
    for alert in sorted(story.open.values(), key=_weight):
        if alert.stage in MEASURED:
            found[_metric(alert)] = alert
    others = [a for metric, a in found.items() if metric != _metric(lead) and a.title != story.began]
    ours = [fact for a in others for fact in a.facts if fact[0] == OURS and fact not in lead.facts]
    return (*(("also", a.title) for a in others), *dict.fromkeys(ours))

"""An alert as people read it: what, since when, both numbers, what happens next, what they can do.

Rule of the room: every text is made harmless and short here (one line, no control characters);
the markup of a receiver is the channel's own business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.core.samples import Micros
from monitor.ports import Alert
from monitor.present.times import when

HEADLINE_MAX = 150
"""Characters of a headline: what a phone's lock screen shows, and the longest header that Slack takes."""

NAME_MAX = 40
"""Characters of a migration's and a target's name in it; the whole names are among the facts."""

TEXT_MAX = 500
COMMAND_MAX = 400
FACTS_MAX = 12
COMMANDS_MAX = 5
"""Characters and entries; together under 10,000 characters, the least of the receivers' limits."""

LAST = 5
"""Facts that always stay: page, report, target, migration, time."""


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of an alert in reading order; every text is one line."""

    headline: str
    facts: tuple[tuple[str, str], ...]
    next: str
    commands: tuple[str, ...]

    def links(self) -> tuple[tuple[str, str], ...]:
        """The facts that are addresses."""
        return tuple((label, text) for label, text in self.facts if text.startswith(("https://", "http://")))

    def text(self) -> str:
        """All of it as plain lines."""
        lines = [self.headline, *(f"{label}: {text}" for label, text in self.facts)]
        if self.next:
            lines.append(f"next: {self.next}")
        lines.extend(f"you can run: {command}" for command in self.commands)
        return "\n".join(lines)


def message_of(alert: Alert) -> Message:
    """Everything of `alert` that a person needs, bounded in length."""
    headline, whole = headline_of(alert), one_line(alert.title, TEXT_MAX)
    where = (("target", alert.target), ("migration", alert.migration), ("at", when(alert.at)))
    told = () if headline.endswith(whole) else (("what", whole),)
    facts = [(label, text) for label, text in (*told, *alert.facts, *where) if text]
    return Message(
        headline=headline,
        facts=tuple((one_line(label, 60), one_line(text, TEXT_MAX)) for label, text in _bounded(facts)),
        next=one_line(alert.next, TEXT_MAX),
        commands=tuple(one_line(command, COMMAND_MAX) for command in alert.commands[:COMMANDS_MAX]),
    )


def headline_of(alert: Alert) -> str:
    """Short: how grave, which migration where, what."""
    word = "RESOLVED" if alert.resolves else alert.severity.value.upper()
    names = [one_line(name, NAME_MAX) for name in (alert.migration, alert.target) if name]
    about = f"{' on '.join(names)}: " if names else ""
    return one_line(f"{word}: {about}{alert.title}", HEADLINE_MAX)


def one_line(text: str, limit: int) -> str:
    """`text` without line breaks and control characters, cut to `limit` characters with an ellipsis."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def iso(at: Micros) -> str:
    """RFC 3339 to the millisecond, as programs read it."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="milliseconds")


def _bounded(facts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first and the last facts when there are too many: where and when always stay."""
    return facts if len(facts) <= FACTS_MAX else facts[: FACTS_MAX - LAST] + facts[-LAST:]

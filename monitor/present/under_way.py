"""How the rollback under way fares: its latest try, who or what it waits for, and what waits behind it.

Kept from the executor's news for whoever looks; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.core.phases import Phase
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.core.state import WatchState
from monitor.core.thresholds import Policy
from monitor.ports import Json, Progress, ProgressKind

STALLED = frozenset({"response_time", "query_latency", "connections"})
"""Metrics that rise while sessions wait behind a rollback for a lock.

From the intent on its statements stand in the queue for their locks, and hold them in the end. Sessions of
the application that come after them wait, so times and sessions rise for a moment that the rollback makes.
"""

BECAUSE = (
    "the rollback is waiting for its locks or holds them, and sessions that need its tables wait behind it"
)

LONGEST = 60
"""Characters of an application's name in a sentence; it is whatever a session calls itself."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The latest news of a rollback that is not done yet. `slow`: `lock_budget` is over."""

    kind: ProgressKind
    at: Micros
    text: str
    tries: int = 0
    slow: bool = False
    blockers: Sequence[Mapping[str, Any]] = ()
    told: Sequence[str] = ()  # a line for each blocker

    def view(self) -> Json:
        """As JSON; `at` in epoch seconds."""
        return {
            "kind": self.kind.value,
            "at": seconds(self.at),
            "text": self.text,
            "tries": self.tries,
            "slow": self.slow,
            "blockers": [dict(b) for b in self.blockers],
            "told": list(self.told),
            "sentence": self.sentence(),
        }

    def sentence(self) -> str:
        """What it waits for, and what comes next."""
        return _SENTENCES[self.kind](self)


def attempt_after(known: Attempt | None, progress: Progress, now: Micros) -> Attempt | None:
    """What is to be told from now on; None: it simply goes on."""
    if progress.kind in _OVER:
        return None
    if progress.kind not in _SENTENCES:
        return known
    detail: Mapping[str, Any] = progress.detail
    tries = int(detail.get("tries") or (known.tries if known else 0))
    slow = progress.kind is ProgressKind.BUDGET_SPENT or (known is not None and known.slow)
    found = Attempt(progress.kind, now, progress.text, tries, slow)
    texts = detail.get("text")
    told = tuple(map(str, texts)) if isinstance(texts, list | tuple) else ()
    return replace(found, blockers=tuple(detail.get("blockers") or ()), told=told)


def _waits(attempt: Attempt) -> str:
    who = _who(attempt.blockers)
    waits = f"waits for {who}" if who else "did not get its locks"
    return f"The rollback {waits}: {_next_try(attempt)}."


def _next_try(attempt: Attempt) -> str:
    after = "retrying at longer intervals while it is needed" if attempt.slow else "retrying shortly"
    return f"try {attempt.tries}, {after}" if attempt.tries else f"it tries {after}"


def _who(blockers: Sequence[Mapping[str, Any]]) -> str:
    """The one whose transaction is the longest, and how many more there are."""
    if not blockers:
        return ""
    first, more = blockers[0], len(blockers) - 1
    return _name(first) + (f" and {more} more" if more else "")


def _name(blocker: Mapping[str, Any]) -> str:
    age = blocker.get("age")
    since = f" for {age:.0f} s" if isinstance(age, int | float) else ""
    if not blocker.get("pid"):
        return f"a prepared transaction{f' (open{since})' if since else ''}"
    state = str(blocker.get("state") or ("open" if since else ""))
    how = ", ".join(part for part in (f"pid {blocker['pid']}", f"{state}{since}") if part)
    name = str(blocker.get("application") or "an unnamed session")
    return f"{name if len(name) <= LONGEST else f'{name[:LONGEST]}…'} ({how})"


def _unreached(attempt: Attempt) -> str:
    return f"The rollback could not go on: {attempt.text} ({_next_try(attempt)})."


def _hook(attempt: Attempt) -> str:
    return f"The rollback is waiting for its hook: {attempt.text}. No statement is sent until it succeeds."


_SENTENCES: Mapping[ProgressKind, Callable[[Attempt], str]] = {
    ProgressKind.BLOCKED: _waits,
    ProgressKind.BUDGET_SPENT: _waits,
    ProgressKind.RETRY: _unreached,
    ProgressKind.REFUSED_FOR_NOW: _unreached,
    ProgressKind.HINDERED: _unreached,
    ProgressKind.HOOK_BLOCKS: _hook,
    ProgressKind.RESUMED: lambda _: (
        "Part of the rollback took effect before a restart; the rest is being completed now."
    ),
}
"""Kinds that say why it is not done yet."""

_OVER = frozenset({
    ProgressKind.INTENT, ProgressKind.HOOK_PULLED, ProgressKind.HOOK_FAILED, ProgressKind.IN_DOUBT,
    ProgressKind.SETTLED,
})  # fmt: skip
"""What it waited for before is over."""


def ours(policy: Policy, state: WatchState) -> tuple[str, ...]:
    """The metrics that are not normal now and may be so because of us."""
    if state.life.phase is not Phase.ROLLING_BACK or not state.life.intent:
        return ()
    tracks = zip(policy.thresholds, state.seen.tracks, strict=True)
    return tuple(
        t.metric
        for t, track in tracks
        if t.metric in STALLED and track.value is not None and not t.is_normal(track.value)
    )


def ours_view(policy: Policy, state: WatchState) -> Json | None:
    """As JSON: which metrics, and the sentence; None where nothing is to be told."""
    found = ours(policy, state)
    if not found:
        return None
    names = " and ".join(found)
    verb = "is" if len(found) == 1 else "are"
    return {"metrics": list(found), "said": f"{names} {verb} partly caused by the rollback: {BECAUSE}"}

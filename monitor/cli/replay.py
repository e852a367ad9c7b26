"""`replay`: the decision core over recorded samples.

A day's recording is 69,124 lines: this module has a parser of its own and imports nothing that a replay
without a configuration does not need.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import BinaryIO

from monitor.cli.context import Chosen
from monitor.cli.recording import BadRecording, moment_given, readings
from monitor.cli.unused import Unused
from monitor.core.baseline import LEAST_REQUESTS, LEAST_TIME
from monitor.core.beginning import Beginning, Line, Past, begin, earliest
from monitor.core.replay import Object
from monitor.core.replay import replay as decided
from monitor.core.samples import MINUTE
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError
from monitor.present import times
from monitor.present.metrics import value
from monitor.units import show_score

_RATIO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,18})?) ?(%?)")

LINE_LIMIT = 1 << 20
"""Bytes; a sample has some hundred. What is longer is no line of samples and must not fill memory."""


def run(config: Chosen, arguments: Sequence[str]) -> int:
    """Prints the events of a recording and its verdict. Raises OperatorError."""
    given = _parser().parse_args(arguments)
    before = _before(_policy(config), given.baseline, given.file)
    policy, begun = before.policy, [before.begun] if before.begun else []
    start = None if given.started_at is None else moment_given(given.started_at)
    show: Callable[[Object], str] = (
        json.dumps if given.as_json else partial(_sentence, needed=policy.evidence)
    )
    with opened(given.file) as lines:
        found = readings(lines)
        first = next(found)
        started_at = first[0] if start is None else start
        unused = Unused(policy, started_at)
        lines_used = unused.passing(itertools.chain([first], found))
        for event in decided(
            policy, started_at, lines_used, keep_going=given.keep_going, baseline=before.ratio,
            tell=begun.append,
        ):  # fmt: skip
            sys.stdout.write(f"{show(event)}\n")
    sys.stdout.flush()
    for sentence in [*before.notes, *(s for b in begun for s in _begun(b)), *unused.sentences()]:
        sys.stderr.write(f"note: {sentence}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "migration-monitor replay",
        description="Runs the decision core over recorded samples.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="JSON lines of samples; - for stdin")
    parser.add_argument("--json", dest="as_json", action="store_true", help="one JSON object a line")
    parser.add_argument("--keep-going", action="store_true", help="a rollback is no verdict: count them")
    parser.add_argument(
        "--started-at", metavar="T", help="epoch seconds or RFC 3339; default: the first line's time"
    )
    parser.add_argument(
        "--baseline",
        metavar="FILE|RATIO|off",
        help="what was normal before it: another recording, or a ratio as 0.8%%; default: as recorded",
    )
    return parser


def _policy(config: Chosen) -> Policy:
    """The documented one, unless a configuration is named."""
    if not config.named:
        return Policy()
    settings = importlib.import_module("monitor.settings")  # half a second that the documented policy saves
    found: Policy = settings.load_policy(config.config)
    return found


@dataclass(frozen=True, slots=True)
class Before:
    """What `--baseline` says: the policy with the limits after it, or the ratio that is given."""

    policy: Policy
    ratio: float | None = None
    begun: Beginning | None = None
    notes: tuple[str, ...] = ()


def _before(policy: Policy, given: str | None, file: str) -> Before:
    """Raises OperatorError."""
    if given is None or given == "off":
        return Before(policy if given is None else replace(policy, baseline=0))
    found = _RATIO.fullmatch(given)
    if found is None:
        return _recorded(policy, given, file)
    ratio = float(Decimal(found[1]) / (100 if found[2] else 1))
    if ratio > 1:
        raise OperatorError(f"--baseline {given!r} is not a ratio: write it as 0.008 or 0.8%, or off")
    return Before(replace(policy, baseline=policy.baseline or 1), ratio)


def _recorded(policy: Policy, name: str, file: str) -> Before:
    """Measured from the end of another recording, whenever that was; then nothing more is measured."""
    if name == file:
        raise OperatorError("--baseline is the recording itself: its lines before --started-at count anyway")
    policy = replace(policy, baseline=policy.baseline or Policy().baseline)
    try:
        with opened(name) as lines:
            last = _last(policy, readings(lines))
    except BadRecording as e:
        raise OperatorError(f"--baseline {name}: {e}") from None
    except OperatorError as e:
        raise OperatorError(f"--baseline {name!r} is not a ratio as 0.008 or 0.8%, not off: {e}") from None
    found = begin(policy, max(at for at, _ in last) + 1, Past(last))
    notes = () if found.baselines else (f"{name} holds too little for a baseline: {LEAST}",)
    begun = Beginning(found.policy, found.baselines)
    return Before(replace(found.policy, baseline=0), begun=begun, notes=notes)


LEAST = f"{LEAST_REQUESTS} requests in {LEAST_TIME // MINUTE} minutes are needed; limits stay as written"


def _last(policy: Policy, lines: Iterator[Line]) -> deque[Line]:
    """As much of their end as matters."""
    kept: deque[Line] = deque()
    for line in lines:
        kept.append(line)
        while kept[0][0] < earliest(policy, line[0]):
            kept.popleft()
    return kept


def _begun(beginning: Beginning) -> Iterator[str]:
    """What the time before the start made of the limits and of the right to act."""
    for metric, found in beginning.baselines.items():
        threshold = beginning.policy.places[metric].threshold
        seen = f"{value(found.ratio, 'ratio')} before the start"
        yield f"{metric} was {seen}: it acts above {value(threshold.rollback_above, 'ratio')}"
    if beginning.standing is not None:
        rules = ", ".join(beginning.standing.since)
        yield f"{rules} was firing before the start: no automatic rollback until that is over"


@contextmanager
def opened(name: str) -> Iterator[Iterable[bytes]]:
    if name == "-":
        yield _lines(sys.stdin.buffer)
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed by the with below
    except OSError as e:
        raise OperatorError(f"the recording {name} can't be read: {e.strerror}") from None
    with file:
        yield _lines(file)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return iter(partial(file.readline, LINE_LIMIT), b"")


def _sentence(event: Object, needed: float) -> str:
    """An event for people."""
    at = event["at"]
    when = times.utc(at) if isinstance(at, int | float) else ""
    if "verdict" in event:
        count = f" ({event['rollbacks']} rollbacks)" if "rollbacks" in event else ""
        return f"{when}  verdict: {event['verdict']}{count}"
    since = event.get("since")
    parts = [str(event.get("rule") or event.get("metric") or ""), str(event["event"])]
    if isinstance(since, int | float):
        parts.append(f"since {times.utc(since)}")
    score = event.get("evidence")
    if isinstance(score, int | float):
        parts.append(f"(evidence {show_score(score, needed)})")
    if "reason" in event:
        parts.append(f"({event['reason']}, was {event['was']})")
    return f"{when}  {' '.join(part for part in parts if part)}"

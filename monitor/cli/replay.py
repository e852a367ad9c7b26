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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import BinaryIO

from monitor.cli import told
from monitor.cli.context import Chosen
from monitor.cli.recording import moment_given, readings
from monitor.cli.unused import Unused
from monitor.core.beginning import Beginning
from monitor.core.replay import Object
from monitor.core.replay import replay as decided
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError

_RATIO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,18})?) ?(%?)")

LINE_LIMIT = 1 << 20
"""Bytes; a sample has some hundred. What is longer is no line of samples and must not fill memory."""


def run(config: Chosen, arguments: Sequence[str]) -> int:
    """Prints the events of a recording and its verdict. Raises OperatorError."""
    given = _parser().parse_args(arguments)
    policy, baseline = _with_baseline(_policy(config), given.baseline)
    start = None if given.started_at is None else moment_given(given.started_at)
    show: Callable[[Object], str] = json.dumps if given.as_json else _sentence
    with _opened(given.file) as lines:
        found = readings(lines)
        first = next(found)
        begin = first[0] if start is None else start
        unused = Unused(policy, begin)
        lines_used = unused.passing(itertools.chain([first], found))
        begun: list[Beginning] = []
        for event in decided(
            policy, begin, lines_used, keep_going=given.keep_going, baseline=baseline, tell=begun.append
        ):
            sys.stdout.write(f"{show(event)}\n")
    sys.stdout.flush()
    for sentence in [*(s for b in begun for s in _begun(b)), *unused.sentences()]:
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
        metavar="RATIO|off",
        help="error ratio before it, as 0.008 or 0.8%%; default: as recorded",
    )
    return parser


def _policy(config: Chosen) -> Policy:
    """The documented one, unless a configuration is named."""
    if not config.named:
        return Policy()
    settings = importlib.import_module("monitor.settings")  # 0.3 s that the documented policy saves
    found: Policy = settings.load_policy(config.config)
    return found


def _with_baseline(policy: Policy, given: str | None) -> tuple[Policy, float | None]:
    """The policy, without a baseline if it is off; the ratio that is given. Raises OperatorError."""
    if given is None or given == "off":
        return (policy if given is None else replace(policy, baseline=0)), None
    found = _RATIO.fullmatch(given)
    ratio = float(Decimal(found[1]) / (100 if found[2] else 1)) if found else 2.0
    if ratio > 1:
        raise OperatorError(f"--baseline {given!r} is no ratio: write it as 0.008 or 0.8%, or off")
    return replace(policy, baseline=policy.baseline or 1), ratio


def _begun(beginning: Beginning) -> Iterator[str]:
    """What the time before the start made of the limits and of the right to act."""
    for metric, found in beginning.baselines.items():
        threshold = beginning.policy.places[metric].threshold
        seen = f"{told.value(found.ratio, 'ratio')} before the start"
        yield f"{metric} was {seen}: it acts above {told.value(threshold.rollback_above, 'ratio')}"
    if beginning.standing is not None:
        rules = ", ".join(beginning.standing.since)
        yield f"{rules} had fired before the start: nothing is rolled back by itself until that is over"


@contextmanager
def _opened(name: str) -> Iterator[Iterable[bytes]]:
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


def _sentence(event: Object) -> str:
    """An event for people."""
    at = event["at"]
    when = told.utc(at) if isinstance(at, int | float) else ""
    if "verdict" in event:
        count = f" ({event['rollbacks']} rollbacks)" if "rollbacks" in event else ""
        return f"{when}  verdict: {event['verdict']}{count}"
    since = event.get("since")
    parts = [str(event.get("rule") or event.get("metric") or ""), str(event["event"])]
    if isinstance(since, int | float):
        parts.append(f"since {told.utc(since)}")
    if "reason" in event:
        parts.append(f"({event['reason']}, was {event['was']})")
    return f"{when}  {' '.join(part for part in parts if part)}"

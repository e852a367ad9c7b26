"""May a counted rule act on its evidence now? Asked at a read at which a level has reached what is needed.

Evidence says that the limit was exceeded; a rollback also wants to know that it has been for a whole hold,
and that it is still so: an outage that ended after 4 minutes leaves much evidence and needs no rollback.
A breach of one ratio is asked as a whole; one that got worse or better, part by part (`parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import log

from monitor.core.evidence import (
    FARTHEST,
    LOOK_BACK,
    Evidence,
    Levels,
    Scale,
    Weight,
    evidence_of,
    likelihood,
    near,
)
from monitor.core.parts import DOUBT, eased, parts
from monitor.core.reads import FEW, Reads, share
from monitor.core.samples import MINUTE, Micros

EXPECTED_ERRORS = 5
"""A stretch is long enough when so many errors would be in it at the ratio that is asked about."""

LEAST_SHARE = 0.3
"""Of that ratio must be there still: an outage that gets better is going away."""

TAIL: Micros = MINUTE
"""So much before the stretch is looked at too."""

MUCH_MORE = 3
"""An alternative explains up to so many times its ratio; the last one explains everything."""


def fires(scale: Scale, weight: Weight, levels: Levels, reads: Reads, now: Micros) -> Evidence | None:
    """What a rule that fires at `now` stands on; None: it may not act yet."""
    found = _ripe(scale, weight, levels, reads, now)
    alike = [e for e in found if _explains(scale, e)]
    if alike and _is_of_one_ratio(scale, reads, now, alike):
        return _latest(alike)
    if found and _is_of_parts(scale, reads, now, found):
        return _latest(found)
    return None


def _ripe(scale: Scale, weight: Weight, levels: Levels, reads: Reads, now: Micros) -> list[Evidence]:
    """The alternatives with evidence and a hold behind them, since whose start the limit was exceeded."""
    found = []
    for k, (level, tally) in enumerate(zip(levels, weight.tallies, strict=True)):
        if not scale.suffices(level) or tally.start is None or now - tally.start < scale.hold:
            continue
        if scale.exceeded_by(share(*reads.since(tally.errors, tally.requests))):
            found.append(evidence_of(scale, k, level, tally, reads))
    return found


def _explains(scale: Scale, evidence: Evidence) -> bool:
    """Whether its alternative explains what came since its start."""
    most = MUCH_MORE * evidence.ratio
    return share(evidence.errors, evidence.requests) <= most or evidence.ratio == scale.alternatives[-1].ratio


def _latest(found: Sequence[Evidence]) -> Evidence:
    """Of those that began last the one that is spoken for most."""
    return max(found, key=lambda e: (e.since, e.score))


def _is_of_one_ratio(scale: Scale, reads: Reads, now: Micros, found: Sequence[Evidence]) -> bool:
    """Whether the breach is as old as the hold, has not been over, and is still what it was."""
    ratio = max(share(e.errors, e.requests) for e in found)
    oldest = max(now - LOOK_BACK * scale.hold, *(e.since for e in found))
    return (
        still_at(scale, reads, now, ratio)
        and _nothing_denies(scale, reads, ratio, oldest)
        and _as_old_as_the_hold(scale, reads, now, oldest)
    )


def _is_of_parts(scale: Scale, reads: Reads, now: Micros, found: Sequence[Evidence]) -> bool:
    """Whether its parts are as old as the hold, and it is still what its latest part is.

    Asked at reads with errors only: much evidence and nothing else may last for hours.
    """
    if not reads.latest_errors or _of_the_last_hold(scale, reads, now) <= scale.limit:
        return False
    of = parts(scale, reads, now, max(e.since for e in found))
    return bool(of) and still_at(scale, reads, now, of[0].ratio)


def still_so(scale: Scale, reads: Reads, now: Micros, ratio: float) -> bool:
    """Whether the latest reads are those of a service that fails `ratio` of its requests, or has eased
    to a ratio that is above the limit too."""
    if still_at(scale, reads, now, ratio):
        return True
    part = eased(scale, reads, now)
    return part is not None and still_at(scale, reads, now, part.ratio)


def still_at(scale: Scale, reads: Reads, now: Micros, ratio: float) -> bool:
    """Whether the latest reads, enough to tell, are those of a service that fails `ratio` of its requests."""
    found = _stretch(reads, ratio)
    if found is None:
        return False
    began, errors, requests = found
    if not (scale.exceeded_by(share(errors, requests)) and errors >= LEAST_SHARE * ratio * requests):
        return False
    return _nothing_denies(scale, reads, ratio, max(began - TAIL, now - scale.hold + 1))


def _nothing_denies(scale: Scale, reads: Reads, ratio: float, oldest: Micros) -> bool:
    """Whether no stretch from a read since `oldest` up to now speaks against a service that fails `ratio`."""
    ratio = min(ratio, FARTHEST)
    per_error, per_good = log(ratio / scale.limit), log((1 - ratio) / (1 - scale.limit))
    tails = takewhile(lambda read: read[1] >= oldest, reads.back())
    return all(e * per_error + (r - e) * per_good >= DOUBT for _, _, e, r in tails)


def _stretch(reads: Reads, ratio: float) -> tuple[Micros, float, float] | None:
    """From when on, errors and requests of the shortest stretch up to now that is enough to tell."""
    found = None
    for _, at, errors, requests in reversed(reads.log):
        since = reads.requests - requests
        if since >= FEW:
            found = at, reads.errors - errors, since
            if since * ratio >= EXPECTED_ERRORS:
                break
    return found


def _as_old_as_the_hold(scale: Scale, reads: Reads, now: Micros, oldest: Micros) -> bool:
    """Whether the read since `oldest` from which on the breach is likeliest lies a hold back or more."""
    ratio = near(scale, _of_the_last_hold(scale, reads, now))
    best, when = (float("-inf"), now) if reads.idle is None else (0.0, max(reads.idle, oldest))
    for first, at, errors, requests in reads.back():
        if at < oldest:
            break
        found = likelihood(ratio, scale.limit, errors, requests)
        if found >= best:
            best, when = found, max(first, oldest)
    return now - when >= scale.hold


def _of_the_last_hold(scale: Scale, reads: Reads, now: Micros) -> float:
    ratio = 0.0
    for _, _, errors, requests in takewhile(lambda read: read[1] > now - scale.hold, reads.back()):
        ratio = share(errors, requests)
    return ratio

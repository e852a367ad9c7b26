"""May a counted rule act on its evidence now? Asked at a read at which a level has reached what is needed.

Evidence says that the limit was exceeded; a rollback also wants to know that it has been for a whole hold,
and that it is still so: an outage that ended after 4 minutes leaves much evidence and needs no rollback.
"""

from __future__ import annotations

from itertools import takewhile
from math import log

from monitor.core.evidence import Evidence, Levels, Scale, Weight, evidence_of, likelihood
from monitor.core.reads import FEW, Reads, share
from monitor.core.samples import MINUTE, Micros

EXPECTED_ERRORS = 5
"""A stretch is long enough when so many errors would be in it at the ratio that is asked about."""

LEAST_SHARE = 0.3
"""Of that ratio must be there still: an outage that gets better is going away."""

DOUBT = -2.0
"""Log-likelihood ratio below which the latest reads speak against it (1 : 7)."""

TAIL: Micros = MINUTE
"""So much before the stretch is looked at too."""

MUCH_MORE = 3
"""An alternative explains up to so many times its ratio; the last one explains everything."""

LOOK_BACK = 6
"""Holds within which the beginning of a breach is looked for."""

NEAREST, FARTHEST = 1.02, 0.98
"""A measured ratio is kept between so many times the limit and this share of all requests."""


def fires(scale: Scale, weight: Weight, levels: Levels, reads: Reads, now: Micros) -> Evidence | None:
    """What a rule that fires at `now` stands on; None: it may not act yet."""
    found = _ripe(scale, weight, levels, reads, now)
    if not found:
        return None
    since = max(e.since for e in found)
    ratio = max(share(e.errors, e.requests) for e in found)
    if not (still_so(scale, reads, now, ratio) and _as_old_as_the_hold(scale, reads, now, since)):
        return None
    return max((e for e in found if e.since == since), key=lambda e: e.score)


def _ripe(scale: Scale, weight: Weight, levels: Levels, reads: Reads, now: Micros) -> list[Evidence]:
    """The alternatives with evidence and a hold behind them that explain what came since their start."""
    found = []
    last = len(levels) - 1
    for k, (level, tally) in enumerate(zip(levels, weight.tallies, strict=True)):
        if not scale.suffices(level) or tally.start is None or now - tally.start < scale.hold:
            continue
        errors, requests = reads.since(tally.errors, tally.requests)
        most = 1.0 if k == last else MUCH_MORE * scale.alternatives[k].ratio
        if scale.exceeded_by(ratio := share(errors, requests)) and ratio <= most:
            found.append(evidence_of(scale, k, level, tally, reads))
    return found


def still_so(scale: Scale, reads: Reads, now: Micros, ratio: float) -> bool:
    """Whether the latest reads, enough to tell, are those of a service that fails `ratio` of its requests."""
    found = _stretch(reads, ratio)
    if found is None:
        return False
    began, errors, requests = found
    if not (scale.exceeded_by(share(errors, requests)) and errors >= LEAST_SHARE * ratio * requests):
        return False
    ratio = min(ratio, FARTHEST)
    per_error, per_good = log(ratio / scale.limit), log((1 - ratio) / (1 - scale.limit))
    oldest = max(began - TAIL, now - scale.hold + 1)
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


def _as_old_as_the_hold(scale: Scale, reads: Reads, now: Micros, since: Micros) -> bool:
    """Whether the read from which on the breach is likeliest lies a hold back or more."""
    ratio = min(FARTHEST, max(NEAREST * scale.limit, _of_the_last_hold(scale, reads, now)))
    oldest = max(since, now - LOOK_BACK * scale.hold)
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

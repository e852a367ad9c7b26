"""The other rules do what their documentation says, in cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.decision.others import (
    NEVER,
    OTHERS,
    Rule,
    argo,
    argo_in_a_row,
    burn_rate,
    cloudwatch,
    flagger,
    prometheus,
)
from tests.worlds.values import Seconds

BEGINS = 7200
LASTS = 3600


def _counts(share: Seconds, per_second: float = 10.0) -> tuple[Seconds, Seconds]:
    """Cumulative requests and errors when such a share of each second's fails after BEGINS."""
    requests = np.full(BEGINS + LASTS, per_second)
    errors = np.concatenate([np.zeros(BEGINS), share * per_second])
    return tuple(np.concatenate([[0.0], np.cumsum(x)]) for x in (requests, errors))  # type: ignore[return-value]  # two


def _fired(rule: Rule, share: Seconds, per_second: float = 10.0) -> int:
    """Seconds after BEGINS."""
    at = rule(*_counts(share, per_second), BEGINS)
    return at if at == NEVER else at - BEGINS


def _minutes(*shares: float) -> Seconds:
    """So much of each minute, then nothing."""
    found = np.zeros(LASTS)
    found[: 60 * len(shares)] = np.repeat(shares, 60)
    return found


ALWAYS = np.ones(LASTS)


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        (prometheus(60), 315),  # above at the evaluation after 15 s, and then for 300
        (prometheus(300), 315),
        (cloudwatch, 300),
        (argo, 240),
        (argo_in_a_row, 300),
        (flagger, 300),
        (burn_rate, 60),  # 60 of 3,600 s are 1.67 %; 30 s were 0.83 %
    ],
)
def test_a_total_outage_is_found_by_every_rule(rule: Rule, after: int) -> None:
    assert _fired(rule, ALWAYS) == after


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("share", [0.0, 0.01])
def test_exactly_one_percent_is_not_above_it(name: str, share: float) -> None:
    assert _fired(OTHERS[name], share * ALWAYS, per_second=100.0) == NEVER


@pytest.mark.parametrize("name", OTHERS)
def test_without_requests_nothing_fires(name: str) -> None:
    assert _fired(OTHERS[name], ALWAYS, per_second=0.0) == NEVER


def test_prometheus_begins_anew_after_one_evaluation_that_is_not_above() -> None:
    """The window of 1 m at the evaluation at 285 s sees 240 to 285 s only."""
    paused = ALWAYS.copy()
    paused[240:285] = 0
    assert _fired(prometheus(60), paused) == 300 + 300
    assert _fired(prometheus(300), paused) == 315


def test_a_window_of_five_minutes_stays_above_after_the_errors_are_over() -> None:
    """Four seconds of total failure are 1.4 % of 285 s, for as long as the window sees them."""
    blip = np.zeros(LASTS)
    blip[:4] = 1
    assert _fired(prometheus(300), blip) == NEVER  # from 15 to 285 s: 270 s
    blip[20:24] = 1
    assert _fired(prometheus(300), blip) == NEVER  # to 300 s: 285 s
    blip[40:44] = 1
    assert _fired(prometheus(300), blip) == 315


def test_the_last_minutes_of_cloudwatch_must_all_be_above() -> None:
    assert _fired(cloudwatch, _minutes(1, 1, 1, 1, 0, 1, 1, 1, 1)) == NEVER
    assert _fired(cloudwatch, _minutes(1, 1, 1, 1, 0, 1, 1, 1, 1, 1)) == 600


def test_cloudwatch_looks_past_a_minute_without_requests() -> None:
    requests, errors = _counts(ALWAYS)
    gap = slice(BEGINS + 120, BEGINS + 181)
    for counts in (requests, errors):
        counts[gap.stop :] -= counts[gap.stop - 1] - counts[gap.start]
        counts[gap] = counts[gap.start]
    assert cloudwatch(requests, errors, BEGINS) - BEGINS == 360


def test_argo_and_flagger_never_forgive() -> None:
    """Four, or five, bad minutes of a day are enough, however far apart; in a row they are not."""
    scattered = _minutes(*([1, 0, 0, 0, 0] * 5))
    assert _fired(argo, scattered) == (15 + 1) * 60
    assert _fired(flagger, scattered) == (20 + 1) * 60
    assert _fired(argo_in_a_row, scattered) == NEVER
    assert _fired(argo, _minutes(1, 1, 1)) == NEVER
    assert _fired(flagger, _minutes(1, 1, 1, 1)) == NEVER


def test_the_burn_rate_needs_both_windows() -> None:
    """A minute of total failure burns the hour's budget; it is told until 5 minutes after."""
    assert _fired(burn_rate, _minutes(1)) == 60
    assert _fired(burn_rate, 0.0145 * ALWAYS) == LASTS  # 1.44 % of the hour only when all of it is so
    assert _fired(burn_rate, 0.03 * ALWAYS) == pytest.approx(1728, abs=30)  # 48 % of the hour at 3 %

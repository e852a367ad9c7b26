"""Rules that people use otherwise, each as small as its own documentation makes it.

Each takes a world's cumulative counts and the second at which it begins to be asked, and returns the second
of its first firing from then on, or NEVER. All ask of a ratio of errors to requests whether it is above 1 %,
the burn rate whether it burns 14.4 times the budget of a service of 99.9 %. Windows may reach back before
the beginning; counts of failures may not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tests.worlds.values import HOUR, Seconds

NEVER = -1
LIMIT = 0.01

Moments = NDArray[np.int64]
Answers = NDArray[np.bool_]
Rule = Callable[[Seconds, Seconds, int], int]
"""(requests, errors, begins) -> the second of the first firing."""


def prometheus(window: int) -> Rule:
    """`expr: rate(errors[w]) / rate(requests[w]) > 0.01`, `for: 5m`; scraped and evaluated every 15 s.

    `for` begins anew at the first evaluation that is not above; without requests there is no result. `rate`
    sees the samples inside its window, of which the first is up to a scrape younger than the window.
    https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
    https://prometheus.io/docs/prometheus/latest/querying/functions/#rate
    """

    def rule(requests: Seconds, errors: Seconds, begins: int) -> int:
        at = np.arange(begins, len(requests), SCRAPE)
        above = _ratio(requests, errors, at, window - SCRAPE) > LIMIT
        return _first(at, _lasted(at, above) >= FOR)

    return rule


SCRAPE = 15
FOR = 300


def cloudwatch(requests: Seconds, errors: Seconds, begins: int) -> int:
    """An alarm on 5 of 5 datapoints of a minute each.

    A minute without requests has no datapoint; missing data is treated as missing, so that the alarm looks
    at the datapoints that there are.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    """
    at = np.arange(begins + MINUTE, len(requests), MINUTE)
    ratio = _ratio(requests, errors, at, MINUTE)
    at, above = at[~np.isnan(ratio)], ratio[~np.isnan(ratio)] > LIMIT
    return _first(at[DATAPOINTS - 1 :], _of_last(above, DATAPOINTS) >= DATAPOINTS)


MINUTE = 60
DATAPOINTS = 5


def burn_rate(requests: Seconds, errors: Seconds, begins: int) -> int:
    """14.4 times the error budget of 99.9 % over one hour, and over its last 5 minutes; asked every 30 s.

    Chapter 5 of the Site Reliability Workbook, "Multiwindow, Multi-Burn-Rate Alerts", the page of them.
    https://sre.google/workbook/alerting-on-slos/
    """
    at = np.arange(begins, len(requests), 30)
    long, short = (_ratio(requests, errors, at, window) for window in (HOUR, 300))
    return _first(at, (long > BURNT) & (short > BURNT))


BURNT = 14.4 * 0.001


def argo(requests: Seconds, errors: Seconds, begins: int) -> int:
    """Argo Rollouts, `interval: 1m`, `failureLimit: 3`: the fourth failed measurement, whenever it comes.

    Failures are counted, never forgiven. A minute without requests is no number and no failure.
    https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
    """
    return _counted(requests, errors, begins, allowed=3)


def flagger(requests: Seconds, errors: Seconds, begins: int) -> int:
    """Flagger, `interval: 1m`, `threshold: 5`: rolled back when the failed checks reach it.

    https://docs.flagger.app/usage/how-it-works
    """
    return _counted(requests, errors, begins, allowed=4)


def argo_in_a_row(requests: Seconds, errors: Seconds, begins: int) -> int:
    """Argo Rollouts counting as by `consecutiveErrorLimit: 4`: the fifth in a row; a good one resets.

    https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
    """
    at, above = _minutes(requests, errors, begins)
    return _first(at[4:], _of_last(above, 5) >= 5)


def _counted(requests: Seconds, errors: Seconds, begins: int, allowed: int) -> int:
    at, above = _minutes(requests, errors, begins)
    return _first(at, np.cumsum(above) > allowed)


def _minutes(requests: Seconds, errors: Seconds, begins: int) -> tuple[Moments, Answers]:
    """One measurement a minute, of that minute; those without requests left out."""
    at = np.arange(begins + MINUTE, len(requests), MINUTE)
    ratio = _ratio(requests, errors, at, MINUTE)
    there = ~np.isnan(ratio)
    return at[there], ratio[there] > LIMIT


def _ratio(requests: Seconds, errors: Seconds, at: Moments, window: int) -> Seconds:
    """Errors of the requests in each window that ends at these moments; NaN without requests."""
    since = np.maximum(at - window, 0)
    asked = requests[at] - requests[since]
    with np.errstate(invalid="ignore"):
        ratio: Seconds = (errors[at] - errors[since]) / asked
    return ratio


def _lasted(at: Moments, above: Answers) -> Moments:
    """For how long it has been so without a break; negative where it is not."""
    last_not = np.maximum.accumulate(np.where(above, -1, np.arange(len(at))))
    since = at[np.minimum(last_not + 1, len(at) - 1)]
    return np.where(above, at - since, -1)


def _of_last(above: Answers, many: int) -> Moments:
    """How many of the last `many` are so; from the many-th on."""
    total = np.concatenate([[0], np.cumsum(above)])
    found: Moments = total[many:] - total[:-many]
    return found


def _first(at: Moments, so: Answers) -> int:
    """The first moment at which it is so."""
    return int(at[np.argmax(so)]) if so.any() else NEVER


OTHERS: Mapping[str, Rule] = {
    "Prometheus rate[1m]": prometheus(60),
    "Prometheus rate[5m]": prometheus(300),
    "CloudWatch 5 of 5": cloudwatch,
    "burn rate": burn_rate,
    "Argo": argo,
    "Flagger": flagger,
}
"""As the tables name them."""

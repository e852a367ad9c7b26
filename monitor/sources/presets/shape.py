"""What an entry of the table of libraries says. Values only: `series.py` makes selectors of them."""

from __future__ import annotations

from dataclasses import dataclass

STATUS = (
    "status",
    "code",
    "status_code",
    "http_status_code",
    "http_response_status_code",
    "response_code",
    "http_status",
)
"""Labels that hold a response's status, most common first."""

FIVE = "5..|5xx"
"""A server error, as a code or as its class in any case: `5XX`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One way to count requests. Everything is a selector as operators write them; `*` may begin a name.

    `requests`: added up. `status`: labels tried in order; the first that these requests have says which of
    them failed, by `failing`. `errors`: selectors of what failed, beside those of the status or, without
    one, alone; of another name than the requests' they are no requests unless they are named there too.
    `path`: the label with the request's path, by which our own reads are left out.
    """

    requests: tuple[str, ...]
    status: tuple[str, ...] = STATUS
    failing: str = FIVE
    errors: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """One way to keep durations: the name before `_bucket`, `_sum` and `_count`, with conditions.

    `unit`: only where the name does not end with it.
    """

    name: str
    unit: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """One library; of each the way that the page fits best is taken, of equals the first."""

    counted: tuple[Counted, ...]
    timed: tuple[Timed, ...] = ()


HTTP_REQUESTS = "http_requests_total"
HTTP_DURATION = "http_request_duration_seconds"

SHARED = frozenset({
    HTTP_REQUESTS,
    f"{HTTP_DURATION}_count",
    "http_requests_received_total",
    "http_request_summary_seconds_count",
    "http_request_duration_highr_seconds",
    HTTP_DURATION,
})  # fmt: skip
"""Names that many libraries use: a page that has several of them has them from one library."""


PATHS = ("path", "route", "handler", "endpoint", "uri", "")
"""Labels of the path that applications choose by themselves; the last is for those that have none."""


def by_any_path(requests: str, status: tuple[str, ...] = STATUS) -> tuple[Counted, ...]:
    """Ways to count what an application has named by itself."""
    return tuple(Counted((requests,), status, path=path) for path in PATHS)


def timed_by_any_path(durations: str) -> tuple[Timed, ...]:
    """The same of durations."""
    return tuple(Timed(durations, path=path) for path in PATHS)


def one_way(
    requests: str, status: str, durations: str, *, path: str = "", unit: str = "", failing: str = FIVE
) -> Preset:
    """A library that has only ever counted in one way."""
    return Preset(
        (Counted((requests,), (status,), failing, path=path),),
        (Timed(durations, unit, path),) if durations else (),
    )

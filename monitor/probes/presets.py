"""The series of well-known libraries, as they were found by running them. A table: nothing is read here.

A library that counts in several ways, as its versions and options have it, has several entries; the first
that a page fits is taken (`series.py`). A new library is one entry here and one word in
`monitor.settings.sources.Preset`.
"""

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
    """One library; of each the first that fits the page is taken."""

    counted: tuple[Counted, ...]
    timed: tuple[Timed, ...] = ()


HTTP_DURATION = "http_request_duration_seconds"

PRESETS: dict[str, Preset] = {
    # prometheus-fastapi-instrumentator groups status codes: "5xx"; the histogram without labels is the finer
    "fastapi": Preset(
        (Counted(("http_requests_total",), ("status",), path="handler"),),
        (Timed("http_request_duration_highr_seconds"), Timed(HTTP_DURATION, path="handler")),
    ),
    "starlette": Preset(
        (Counted(("starlette_requests_total",), ("status_code",), path="path"),),
        (Timed("starlette_request_duration_seconds", path="path"),),
    ),
    "django": Preset(
        (Counted(("django_http_responses_total_by_status_total",), ("status",)),),
        (Timed("django_http_requests_latency_including_middlewares_seconds"),),
    ),
    "opentelemetry": Preset(
        (
            Counted(("http_server_request_duration_seconds_count",), path="http_route"),
            Counted(("http_server_request_duration_count",), path="http_route"),
            Counted(("http_server_duration_milliseconds_count",), path="http_route"),
        ),
        (
            Timed("http_server_request_duration_seconds", path="http_route"),
            Timed("http_server_request_duration", "s", path="http_route"),
            Timed("http_server_duration_milliseconds", path="http_route"),
        ),
    ),
    "express": Preset(
        (Counted((f"{HTTP_DURATION}_count",), ("status_code", "code", "status"), path="path"),),
        (Timed(HTTP_DURATION, path="path"),),
    ),
    "generic": Preset((Counted(("http_requests_total",)),), (Timed(HTTP_DURATION),)),
}
"""In the order in which `auto` tries them: what is unmistakable first."""

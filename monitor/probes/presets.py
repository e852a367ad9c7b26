"""The series of well-known instrumentations, as they were found by running them.

`path` is the label with the request's path: our own reads are left out by it. Without one they are
requests like others: whether a page counts them is not guessed. Status labels of 5xx responses are
server errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.errors import OperatorError
from monitor.probes.selectors import Selector, selector

FIVE = '"5..|5xx"'


@dataclass(frozen=True, slots=True)
class Preset:
    """Names and labels of one instrumentation; `histogram` is in seconds."""

    requests: str
    status: tuple[str, ...]
    histogram: str
    path: str = ""


PRESETS: dict[str, Preset] = {
    "generic": Preset(
        "http_requests_total", ("status", "code", "status_code"), "http_request_duration_seconds"
    ),
    # prometheus-fastapi-instrumentator groups status codes: "5xx"
    "fastapi": Preset("http_requests_total", ("status",), "http_request_duration_seconds", "handler"),
    "starlette": Preset(
        "starlette_requests_total", ("status_code",), "starlette_request_duration_seconds", "path"
    ),
    "django": Preset(
        "django_http_responses_total_by_status_total",
        ("status",),
        "django_http_requests_latency_including_middlewares_seconds",
    ),
    "opentelemetry": Preset(
        "http_server_request_duration_seconds_count",
        ("http_response_status_code",),
        "http_server_request_duration_seconds",
        "http_route",
    ),
    "express": Preset(
        "http_request_duration_seconds_count", ("status_code",), "http_request_duration_seconds", "path"
    ),
}


@dataclass(frozen=True, slots=True)
class Series:
    """What to read of a page: every selector of a group is added up."""

    requests: tuple[Selector, ...] = ()
    errors: tuple[Selector, ...] = ()
    buckets: tuple[Selector, ...] = ()


def preset(name: str, url: str) -> Series:
    """The series of a preset for the page at `url`. Raises OperatorError listing the known names."""
    if name not in PRESETS:
        raise OperatorError(f"{name!r} is not a preset: write one of {', '.join(PRESETS)}")
    known = PRESETS[name]
    ours = [f"{known.path}!={_quoted(urlsplit(url).path or '/')}"] if known.path else []
    bucket = f"{known.histogram}_bucket"
    return Series(
        requests=(_select(known.requests, ours),),
        errors=tuple(_select(known.requests, [*ours, f"{label}=~{FIVE}"]) for label in known.status),
        buckets=(_select(bucket, ours),),
    )


def _select(name: str, conditions: list[str]) -> Selector:
    return selector(f"{name}{{{','.join(conditions)}}}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""Python's libraries."""

from __future__ import annotations

from monitor.sources.presets.shape import HTTP_DURATION, HTTP_REQUESTS, Counted, Preset, Timed, one_way

_DJANGO = "django_http_responses_total_by_status"

PYTHON: dict[str, Preset] = {
    # prometheus-fastapi-instrumentator groups status codes: "5xx"; the histogram without labels is the finer
    "fastapi": Preset(
        (Counted((HTTP_REQUESTS,), ("status",), path="handler"),),
        (Timed("http_request_duration_highr_seconds"), Timed(HTTP_DURATION, path="handler")),
    ),
    # starlette_exporter; starlette-prometheus counts responses, and exceptions that became none apart
    "starlette": Preset(
        (
            Counted(("starlette_requests_total",), ("status_code",), path="path"),
            Counted(("starlette_responses_total",), ("status_code",), path="path_template"),
        ),
        (
            Timed("starlette_request_duration_seconds", path="path"),
            Timed("starlette_requests_processing_time_seconds", path="path_template"),
        ),
    ),
    # by view, because only so our own reads can be told: django-prometheus names the view of its page
    "django": Preset(
        (
            Counted((f'{_DJANGO}_view_method_total{{view!="prometheus-django-metrics"}}',), ("status",)),
            Counted((f"{_DJANGO}_total",), ("status",)),
        ),
        (Timed("django_http_requests_latency_including_middlewares_seconds"),),
    ),
    # prometheus-flask-exporter leaves its page out
    "flask": one_way("flask_http_request_total", "status", "flask_http_request_duration_seconds", path=""),
    "litestar": one_way(
        "litestar_requests_total", "status_code", "litestar_request_duration_seconds", path="path"
    ),
    # aiohttp-prometheus-exporter: its aiohttp_requests_total has no status
    "aiohttp": one_way(
        "aiohttp_request_duration_seconds_count", "status_code", "aiohttp_request_duration_seconds",
        path="path_template",
    ),
}  # fmt: skip

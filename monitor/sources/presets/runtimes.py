"""Libraries of the JVM, .NET, Ruby, Go and Elixir, and OpenTelemetry of all languages."""

from __future__ import annotations

from monitor.sources.presets.shape import (
    FIVE,
    HTTP_DURATION,
    HTTP_REQUESTS,
    Counted,
    Preset,
    Timed,
    by_any_path,
    one_way,
    timed_by_any_path,
)

_MICROMETER = "http_server_requests_seconds"
_OTEL, _OTEL_OLD = "http_server_request_duration", "http_server_duration"
_AIOHTTP = 'otel_scope_name="opentelemetry.instrumentation.aiohttp_server"'
_RACK, _RAISED = "http_server_requests_total", "http_server_exceptions_total"
_PHOENIX = "*_prom_ex_phoenix_http_request"


def _new(name: str) -> Counted:
    """What ended without an answer has no status: it says the kind of its error."""
    unanswered = f'{name}{{http_response_status_code="",error_type!=""}}'
    return Counted((name,), ("http_response_status_code",), errors=(unanswered,), path="http_route")


def _old(name: str) -> Counted:
    """The old names say no kind of error: of aiohttp it is known that no status is an exception."""
    unanswered = f'{name}{{http_status_code="",{_AIOHTTP}}}'
    return Counted((name,), ("http_status_code",), errors=(unanswered,), path="http_target")


RUNTIMES: dict[str, Preset] = {
    # new names, Node's without the unit, and those before 2023, whose durations are in ms
    "opentelemetry": Preset(
        (
            _new(f"{_OTEL}_seconds_count"),
            _new(f"{_OTEL}_count"),
            _old(f"{_OTEL_OLD}_milliseconds_count"),
            _old(f"{_OTEL_OLD}_count"),
        ),
        (
            Timed(f"{_OTEL}_seconds", path="http_route"),
            Timed(_OTEL, "s", path="http_route"),
            Timed(f"{_OTEL_OLD}_milliseconds", path="http_target"),
            Timed(_OTEL_OLD, "ms", path="http_target"),
        ),
    ),
    # Micrometer; only Spring says the exception. Buckets only where percentiles-histogram is switched on
    "spring": one_way(f'{_MICROMETER}_count{{exception!=""}}', "status", _MICROMETER, path="uri"),
    "quarkus": one_way(f"{_MICROMETER}_count", "status", _MICROMETER, path="uri"),
    # prometheus-net, or .NET's own meter by OpenTelemetry
    "aspnet": Preset(
        (
            Counted(("http_requests_received_total",), ("code",), path="endpoint"),
            _new(f"{_OTEL}_seconds_count"),
        ),
        (Timed(HTTP_DURATION, path="endpoint"), Timed(f"{_OTEL}_seconds", path="http_route")),
    ),
    # yabeda-rails; prometheus_exporter, for which an exception without an answer is -1, with summaries
    "rails": Preset(
        (
            Counted(("rails_requests_total",), ("status",)),
            Counted(("ruby_http_requests_total",), ("status",), f"{FIVE}|-1"),
        ),
        (
            Timed("rails_request_duration_seconds"),
            Timed("ruby_http_request_duration_seconds"),
            Timed("ruby_http_duration_seconds"),
        ),
    ),
    # the Ruby client's Rack middleware: an exception is counted as one, and not as a request
    "rack": Preset(
        (Counted((_RACK, _RAISED), ("code",), errors=(_RAISED,), path="path"),),
        (Timed("http_server_request_duration_seconds", path="path"),),
    ),
    # PromEx puts the application's name before
    "phoenix": Preset(
        (Counted((f"{_PHOENIX}s_total",), ("status",), path="path"),),
        (
            Timed(f"{_PHOENIX}_duration_milliseconds", path="path"),
            Timed(f"{_PHOENIX}_duration_seconds", path="path"),
        ),
    ),
    # go-gin-prometheus: its durations have no label
    "gin": Preset(
        (Counted(("gin_requests_total",), ("code",), path="url"),), (Timed("gin_request_duration_seconds"),)
    ),
    # promhttp's InstrumentHandler…, by the names of its documentation
    "go": Preset(by_any_path(HTTP_REQUESTS, ("code",)), timed_by_any_path(HTTP_DURATION)),
}  # fmt: skip

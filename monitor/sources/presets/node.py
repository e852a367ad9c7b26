"""Node's libraries. Most use the same two names; their labels tell them apart."""

from __future__ import annotations

from monitor.sources.presets.shape import HTTP_DURATION, HTTP_REQUESTS, Counted, Preset, Timed

_COUNT = f"{HTTP_DURATION}_count"
_BY_ROUTE = (Timed(HTTP_DURATION, path="route"),)

NODE: dict[str, Preset] = {
    # @hono/prometheus says `ok` beside the status
    "hono": Preset(
        (Counted((f'{HTTP_REQUESTS}{{ok=~"true|false"}}',), ("status",), path="route"),), _BY_ROUTE
    ),
    # fastify-metrics keeps a summary beside the histogram, unless told otherwise
    "fastify": Preset(
        (
            Counted(("http_request_summary_seconds_count",), ("status_code",), path="route"),
            Counted((_COUNT,), ("status_code",), path="route"),
        ),
        _BY_ROUTE,
    ),
    # express-prom-bundle, promster, express-prometheus-middleware, and prom-client by hand
    "express": Preset(
        (
            Counted((_COUNT,), ("status_code", "code", "status"), path="path"),
            Counted((_COUNT,), ("code", "status", "status_code"), path="route"),
        ),
        (Timed(HTTP_DURATION, path="path"), *_BY_ROUTE),
    ),
}

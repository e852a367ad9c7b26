"""Proxies, gateways and meshes. What they count for themselves (pages, totals) is left out."""

from __future__ import annotations

from monitor.sources.presets.shape import Counted, Preset, Timed, one_way

_OURS = 'envoy_http_conn_manager_prefix!="admin"'
_ISTIO = 'reporter=~"destination|waypoint"'
_CADDY = "caddy_http_request_duration_seconds"
_INBOUND = 'direction="inbound"'

PROXIES: dict[str, Preset] = {
    # `*` is the sum of all hosts, `total` that of all codes; 1xx are no answers
    "nginx-vts": Preset(
        (Counted(('nginx_vts_server_requests_total{host="*",code=~"[2-5]xx"}',), ("code",)),),
        (Timed('nginx_vts_server_request_duration_seconds{host!="*"}'),),
    ),
    "ingress-nginx": one_way(
        "nginx_ingress_controller_requests", "status", "nginx_ingress_controller_request_duration_seconds"
    ),
    # of what it tells thrice (entry point, router, service) the service
    "traefik": one_way("traefik_service_requests_total", "code", "traefik_service_request_duration_seconds"),
    # backends, with what HAProxy answers itself for a dead one; frontends hold the page's own. No histogram
    "haproxy": one_way('haproxy_backend_http_responses_total{code!="1xx"}', "code", ""),
    # its caddy_http_requests_total has no status
    "caddy": one_way(f"{_CADDY}_count", "code", _CADDY),
    # classes, without the admin page's; totals are under other names
    "envoy": Preset(
        (
            Counted(
                (f'envoy_http_downstream_rq_xx{{{_OURS},envoy_response_code_class!="1"}}',),
                ("envoy_response_code_class",), "5",
            ),
        ),
        (Timed(f"envoy_http_downstream_rq_time{{{_OURS}}}", "ms"),),
    ),
    # each side tells a request: the one that is asked
    "istio": one_way(
        f"istio_requests_total{{{_ISTIO}}}",
        "response_code",
        f"istio_request_duration_milliseconds{{{_ISTIO}}}",
    ),
    # its own word for success, which holds for gRPC too
    "linkerd": one_way(
        f"response_total{{{_INBOUND}}}",
        "classification",
        f"response_latency_ms{{{_INBOUND}}}",
        failing="failure",
    ),
    # since 3.0, and before
    "kong": Preset(
        (Counted(("kong_http_requests_total",), ("code",)), Counted(("kong_http_status",), ("code",))),
        (Timed("kong_request_latency_ms"), Timed('kong_latency{type="request"}', "ms")),
    ),
}  # fmt: skip

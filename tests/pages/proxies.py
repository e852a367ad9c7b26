"""`python -m tests.pages.proxies [PROXY…]`: the pages of proxies that are on PATH, made again.

`PATH` must have the program of each. All listen on free ports of this machine, before one backend.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pages.programs import APPS, free_port, running
from tests.pages.traffic import collect


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the backend, the proxy and its page listen."""

    backend: int
    proxy: int
    page: int


def _traefik(ports: Ports) -> dict[str, str]:
    return {
        "traefik.yaml": f"""
entryPoints: {{web: {{address: "127.0.0.1:{ports.proxy}"}}, metrics: {{address: "127.0.0.1:{ports.page}"}}}}
providers: {{file: {{filename: dynamic.yaml}}}}
metrics: {{prometheus: {{entryPoint: metrics, addRoutersLabels: true}}}}
""",
        "dynamic.yaml": f"""
http:
  routers: {{shop: {{rule: "PathPrefix(`/`)", service: shop, entryPoints: [web]}}}}
  services: {{shop: {{loadBalancer: {{servers: [{{url: "http://127.0.0.1:{ports.backend}"}}]}}}}}}
""",
    }


def _haproxy(ports: Ports) -> dict[str, str]:
    return {
        "haproxy.cfg": f"""
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:{ports.proxy}
  default_backend shop
frontend stats
  bind 127.0.0.1:{ports.page}
  http-request use-service prometheus-exporter if {{ path /metrics }}
backend shop
  server one 127.0.0.1:{ports.backend}
"""
    }


def _caddy(ports: Ports) -> dict[str, str]:
    return {
        "Caddyfile": f"""
{{
  admin 127.0.0.1:{ports.page}
  auto_https off
  metrics
}}
http://127.0.0.1:{ports.proxy} {{
  reverse_proxy 127.0.0.1:{ports.backend}
}}
"""
    }


def _envoy(ports: Ports) -> dict[str, str]:
    address = "{{socket_address: {{address: 127.0.0.1, port_value: {}}}}}".format
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {
        "envoy.yaml": f"""
admin: {{address: {address(ports.page)}}}
static_resources:
  listeners:
  - address: {address(ports.proxy)}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/{manager}
          stat_prefix: ingress_http
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [{{match: {{prefix: "/"}}, route: {{cluster: shop}}}}]}}
  clusters:
  - name: shop
    type: STATIC
    load_assignment:
      cluster_name: shop
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {address(ports.backend)}}}}}]}}]
"""
    }


@dataclass(frozen=True, slots=True)
class Proxy:
    """Its files, how it is started among them, how it tells its version, what is kept of its page."""

    files: Callable[[Ports], dict[str, str]]
    command: tuple[str, ...]
    version: tuple[str, ...]
    keep: tuple[str, ...]
    page: str = "/metrics"
    settle: float = 0.3


PROXIES: dict[str, Proxy] = {
    "traefik": Proxy(
        _traefik, ("traefik", "--configFile=traefik.yaml"), ("traefik", "version"),
        ("traefik_service", "traefik_entrypoint", "traefik_router"),
    ),
    "haproxy": Proxy(
        _haproxy, ("haproxy", "-f", "haproxy.cfg"), ("haproxy", "-v"),
        ("haproxy_process_start", "haproxy_frontend_http_re", "haproxy_backend_http_re",
         "haproxy_backend_response_time_average", "haproxy_server_http_responses"),
    ),
    "caddy": Proxy(
        _caddy, ("caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"), ("caddy", "version"),
        ("caddy_http_request_duration", "caddy_http_requests_total", "caddy_http_request_errors"),
    ),
    "envoy": Proxy(
        _envoy, ("envoy", "-c", "envoy.yaml", "--base-id", "7"), ("envoy", "--version"),
        ("envoy_http_downstream_rq_xx", "envoy_http_downstream_rq_t", "envoy_cluster_upstream_rq_xx"),
        "/stats/prometheus", settle=6.0,  # its histograms follow every five seconds
    ),
}  # fmt: skip


def main(names: list[str]) -> None:
    for name in names or PROXIES:
        with TemporaryDirectory() as folder:
            _refresh(name, PROXIES[name], Path(folder))


def _refresh(name: str, proxy: Proxy, folder: Path) -> None:
    ports = Ports(free_port(), free_port(), free_port())
    for file, text in proxy.files(ports).items():
        (folder / file).write_text(text)
    version = _version(proxy.version)
    backend = [sys.executable, str(APPS / "backend.py"), str(ports.backend)]
    with running(backend, ports.backend), running(proxy.command, ports.proxy, folder=folder) as base:
        page = f"http://127.0.0.1:{ports.page}{proxy.page}"
        print(name, collect(name, f"{name} {version}", base, page, proxy.keep, proxy.settle))


def _version(command: tuple[str, ...]) -> str:
    """The first word of what it says that looks like one."""
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    words = said.replace("/", " ").split()
    return next(w.lstrip("v") for w in words if w.lstrip("v")[:1].isdigit() and "." in w)


if __name__ == "__main__":
    main(sys.argv[1:])

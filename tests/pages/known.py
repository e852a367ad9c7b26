"""What is known of each library whose page is in `data`, beside the truth: its preset, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """How a library's page is read.

    `unmatched`: requests of no route are counted. `ours`: reads of the page are, and no label tells them.
    `bucket`: where 120 ms fall, None for a library without a histogram.
    """

    preset: str
    unmatched: bool = True
    ours: bool = False
    bucket: tuple[float, float] | None = (100, 250)
    page: str = "/metrics"
    mean: bool = True


LIBRARIES: dict[str, Known] = {
    "aiohttp": Known("aiohttp"),
    "aspnet": Known("aspnet"),
    "caddy": Known("caddy"),
    "django": Known("django"),
    "envoy": Known("envoy"),
    "express-prom-bundle": Known("express", bucket=(100, 300)),
    "express-prometheus-middleware": Known("express", bucket=(87.5, 153.125)),
    "fastapi": Known("fastapi"),
    "fastify": Known("fastify", unmatched=False),
    "flask": Known("flask"),
    "gin": Known("gin", bucket=None),
    "go": Known("go"),
    "haproxy": Known("haproxy", bucket=None, mean=False),
    "hono": Known("hono"),
    "ingress-nginx": Known("ingress-nginx"),
    "istio": Known("istio"),
    "kong": Known("kong"),
    "linkerd": Known("linkerd", bucket=(100, 200)),
    "litestar": Known("litestar", unmatched=False),
    "nginx-vts": Known("nginx-vts", ours=True),
    "opentelemetry-aiohttp": Known("opentelemetry"),
    "opentelemetry-aiohttp-old": Known("opentelemetry", ours=True),
    "opentelemetry-fastapi": Known("opentelemetry", page="/metrics/"),
    "opentelemetry-flask": Known("opentelemetry"),
    "opentelemetry-flask-old": Known("opentelemetry"),
    "opentelemetry-node": Known("opentelemetry", ours=True),
    "opentelemetry-node-old": Known("opentelemetry", ours=True),
    "phoenix": Known("phoenix", bucket=(100, 500)),
    "prom-client": Known("express"),
    "promster": Known("express", bucket=(100, 300)),
    "quarkus": Known("quarkus", bucket=None),
    "rack": Known("rack"),
    "rails-prometheus-exporter": Known("rails", bucket=None),
    "rails-yabeda": Known("rails", unmatched=False),
    "spring": Known("spring", bucket=None, page="/actuator/prometheus"),
    "spring-histogram": Known("spring", page="/actuator/prometheus"),
    "starlette": Known("starlette", unmatched=False),
    "starlette-prometheus": Known("starlette"),
    "traefik": Known("traefik", bucket=(100, 300)),
}

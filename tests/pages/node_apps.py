"""`python -m tests.pages.node_apps [LIBRARY…]`: the pages of Node's libraries, made again.

One folder of packages for each library, in a temporary folder; nothing stays of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pages.programs import APPS, free_port, running
from tests.pages.traffic import collect

_OTEL = "@opentelemetry/instrumentation-http"
_OTEL_OLD = (
    f"{_OTEL}@0.48",
    "@opentelemetry/instrumentation@0.48",
    "@opentelemetry/exporter-prometheus@0.48",
    "@opentelemetry/sdk-metrics@1.21",
)
_OTEL_NEW = (
    _OTEL,
    "@opentelemetry/instrumentation",
    "@opentelemetry/exporter-prometheus",
    "@opentelemetry/sdk-metrics",
)


@dataclass(frozen=True, slots=True)
class App:
    """A file of `apps/`, its packages (the first of which tells its version), what is kept of its page."""

    file: str
    packages: tuple[str, ...]
    keep: tuple[str, ...] = ("http_request",)
    own_port: bool = False  # the page is served apart from the application
    environment: Mapping[str, str] = field(default_factory=dict)


APPLICATIONS: dict[str, App] = {
    "express-prom-bundle": App(
        "express_prom_bundle.js", ("express-prom-bundle", "express", "prom-client")
    ),
    "express-prometheus-middleware": App(
        "express_prometheus_middleware.js", ("express-prometheus-middleware", "express", "prom-client@13")
    ),
    "promster": App("promster.js", ("@promster/express", "express", "prom-client")),
    "prom-client": App("prom_client.js", ("prom-client", "express")),
    "fastify": App("fastify_metrics.js", ("fastify-metrics", "fastify")),
    "hono": App("hono_prometheus.mjs", ("@hono/prometheus", "@hono/node-server", "hono", "prom-client")),
    "opentelemetry-node": App(
        "opentelemetry_node.js", (*_OTEL_NEW, "express"), ("http_server_request_duration",), own_port=True
    ),
    "opentelemetry-node-old": App(
        "opentelemetry_node.js", (*_OTEL_OLD, "express"), ("http_server_duration",), own_port=True
    ),
}  # fmt: skip


def main(names: list[str]) -> None:
    for name in names or APPLICATIONS:
        app = APPLICATIONS[name]
        with TemporaryDirectory() as folder:
            _refresh(name, app, Path(folder))


def _refresh(name: str, app: App, folder: Path) -> None:
    for command in (["init", "--yes"], ["install", "--no-audit", "--no-fund", *app.packages]):
        subprocess.run(
            ["npm", *command, "--loglevel=error"], check=True, cwd=folder, stdout=subprocess.DEVNULL
        )
    shutil.copy(APPS / app.file, folder)
    library = app.packages[0] if app.packages[0].count("@") < 2 else app.packages[0].rpartition("@")[0]
    version = json.loads((folder / "node_modules" / library / "package.json").read_text())["version"]
    port, own = free_port(), free_port()
    page = f"http://127.0.0.1:{own}/metrics" if app.own_port else "/metrics"
    command = ["node", app.file, str(port), str(own)]
    environment = {"NODE_ENV": "production", **app.environment}
    with running(command, port, environment, folder) as base:
        print(name, collect(name, f"{library} {version}", base, page, app.keep))


if __name__ == "__main__":
    main(sys.argv[1:])

"""`python -m tests.pages.python_apps [LIBRARY…]`: the pages of Python's libraries, made again.

One virtual environment for each library, in a temporary folder; nothing stays of it.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pages.programs import APPS, free_port, running
from tests.pages.traffic import collect

_OTEL = ("opentelemetry-sdk", "opentelemetry-exporter-prometheus")
_NEW_NAMES = {"OTEL_SEMCONV_STABILITY_OPT_IN": "http"}


@dataclass(frozen=True, slots=True)
class App:
    """A file of `apps/`, what it needs (the first tells its version), and what is kept of its page."""

    file: str
    packages: tuple[str, ...]
    keep: tuple[str, ...]
    page: str = "/metrics"
    environment: Mapping[str, str] = field(default_factory=dict)


def _otel(framework: str, *packages: str, page: str = "/metrics", old: bool = False) -> App:
    """A framework under OpenTelemetry, by its new names or by those before 2023."""
    needs = (f"opentelemetry-instrumentation-{framework}", *_OTEL, *packages)
    file = f"opentelemetry_{framework.removesuffix('-server')}.py"
    keep = ("http_server_duration",) if old else ("http_server_request_duration",)
    return App(file, needs, keep, page, {} if old else _NEW_NAMES)


APPLICATIONS: dict[str, App] = {
    "fastapi": App(
        "fastapi_instrumentator.py",
        ("prometheus-fastapi-instrumentator", "fastapi", "uvicorn"),
        ("http_",),
    ),
    "starlette": App(
        "starlette_exporter.py", ("starlette_exporter", "fastapi", "uvicorn"), ("starlette_request",)
    ),
    "starlette-prometheus": App(
        "starlette_prometheus.py", ("starlette-prometheus", "starlette", "uvicorn"), ("starlette_re",)
    ),
    "django": App("django_prometheus.py", ("django-prometheus", "django", "waitress"), ("django_http",)),
    "flask": App("flask_exporter.py", ("prometheus-flask-exporter", "flask", "waitress"), ("flask_",)),
    "litestar": App("litestar_prometheus.py", ("litestar", "prometheus-client", "uvicorn"), ("litestar_",)),
    "aiohttp": App("aiohttp_exporter.py", ("aiohttp-prometheus-exporter", "aiohttp"), ("aiohttp_request",)),
    "opentelemetry-fastapi": _otel("fastapi", "fastapi", "uvicorn", page="/metrics/"),
    "opentelemetry-flask": _otel("flask", "flask", "waitress"),
    "opentelemetry-flask-old": _otel("flask", "flask", "waitress", old=True),
    "opentelemetry-aiohttp": _otel("aiohttp-server", "aiohttp"),
    "opentelemetry-aiohttp-old": _otel("aiohttp-server", "aiohttp", old=True),
}


def main(names: list[str]) -> None:
    for name in names or APPLICATIONS:
        app = APPLICATIONS[name]
        with TemporaryDirectory() as folder:
            _refresh(name, app, Path(folder))


def _refresh(name: str, app: App, folder: Path) -> None:
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *app.packages], check=True)
    asked = f"import importlib.metadata as m; print(m.version({app.packages[0]!r}))"
    version = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
    port = free_port()
    with running([python, "-P", str(APPS / app.file), str(port)], port, app.environment) as base:
        print(name, collect(name, f"{app.packages[0]} {version}", base, app.page, app.keep))


if __name__ == "__main__":
    main(sys.argv[1:])

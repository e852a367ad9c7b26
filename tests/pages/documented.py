"""`python -m tests.pages.documented`: the pages of what could not be run, written as its documentation and
source have them, with the same traffic in them as `traffic.py` sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.pages.traffic import DATA, ERRORS, MIX, SCRAPES, STATUS, WARM, Truth

SLOW, FAST = 0.121, 0.001  # seconds
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ROUTES = {"/ok": "ok", "/absent": "unknown", "/fail": "fail", "/raise": "crash", "/slow": "slow"}


@dataclass(frozen=True, slots=True)
class Written:
    """A library's lines; `{status}`, `{path}`, `{action}`, `{outcome}` and `{exception}` vary among them.

    `durations`: a histogram's name, or a summary's when there are no `bounds`; in seconds times `scale`.
    `beside`: what else the page has of these names. `page`: its path, where its reads are counted too.
    """

    source: str
    requests: str
    durations: str
    bounds: tuple[float, ...] = SECONDS
    scale: float = 1
    beside: tuple[str, ...] = ()
    page: str = ""


_MICROMETER = "http_server_requests_seconds"
_QUARKUS = '{{method="GET",outcome="{outcome}",status="{status}",uri="{path}"}}'
_SPRING = '{{error="{exception}",exception="{exception}",' + _QUARKUS[2:]
_NET = '{{code="{status}",method="GET",controller="Shop",action="{action}",endpoint="{path}"}}'
_PHOENIX = (
    '{{action="{action}",controller="ShopWeb.PageController",host="shop.example",method="GET",path="{path}",'
    'status="{status}"}}'
)
_INGRESS = (
    '{{canary="",controller_class="k8s.io/ingress-nginx",ingress="shop",method="GET",namespace="shop",'
    'path="/",service="shop",status="{status}"}}'
)
_ISTIO = (
    '{{reporter="destination",source_workload="web",destination_workload="shop",request_protocol="http",'
    'response_code="{status}",response_flags="-",connection_security_policy="mutual_tls"}}'
)
_ISTIO_OUT = (
    '{{reporter="source",source_workload="shop",destination_workload="bank",response_code="{status}"}}'
)
_LINKERD = (
    '{{direction="inbound",target_addr="0.0.0.0:8080",tls="true",status_code="{status}",'
    'classification="{success}"}}'
)
_LINKERD_OUT = _LINKERD.replace("inbound", "outbound")
_KONG = '{{service="shop",route="shop",code="{status}",source="service",workspace="default",consumer=""}}'
_KONG_TIME = '{{service="shop",route="shop",workspace="default"}}'

LIBRARIES: dict[str, Written] = {
    "spring": Written(
        "Spring Boot Actuator with Micrometer, as by default", f"{_MICROMETER}_count{_SPRING}",
        f"{_MICROMETER}{_SPRING}", (), page="/actuator/prometheus",
    ),
    "spring-histogram": Written(
        "Spring Boot Actuator with Micrometer, histogram on", f"{_MICROMETER}_count{_SPRING}",
        f"{_MICROMETER}{_SPRING}", page="/actuator/prometheus",
    ),
    "quarkus": Written(
        "Quarkus with Micrometer", f"{_MICROMETER}_count{_QUARKUS}", f"{_MICROMETER}{_QUARKUS}", ()
    ),
    "aspnet": Written(
        "prometheus-net.AspNetCore", f"http_requests_received_total{_NET}",
        f"http_request_duration_seconds{_NET}", page="/metrics",
    ),
    "phoenix": Written(
        "PromEx", f"shop_prom_ex_phoenix_http_requests_total{_PHOENIX}",
        f"shop_prom_ex_phoenix_http_request_duration_milliseconds{_PHOENIX}",
        (10, 100, 500, 1000, 5000, 10000, 30000), 1000,
    ),
    "ingress-nginx": Written(
        "ingress-nginx", f"nginx_ingress_controller_requests{_INGRESS}",
        f"nginx_ingress_controller_request_duration_seconds{_INGRESS}",
    ),
    "istio": Written(
        "Istio's sidecar", f"istio_requests_total{_ISTIO}", f"istio_request_duration_milliseconds{_ISTIO}",
        (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000), 1000,
        beside=(f"istio_requests_total{_ISTIO_OUT}",),
    ),
    "linkerd": Written(
        "Linkerd's proxy", f"response_total{_LINKERD}", f"response_latency_ms{_LINKERD}",
        (1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000),
        1000, beside=(f"response_total{_LINKERD_OUT}",),
    ),
    "kong": Written(
        "Kong's prometheus plugin", f"kong_http_requests_total{_KONG}",
        f"kong_request_latency_ms{_KONG_TIME}",
        (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000), 1000,
    ),
}  # fmt: skip


def main() -> None:
    for name, written in LIBRARIES.items():
        folder = DATA / name
        folder.mkdir(parents=True, exist_ok=True)
        before, after = dict(WARM), dict(MIX)
        later = {path: before.get(path, 0) + after[path] for path in after}
        for file, counts, reads in (("before.prom", before, 0), ("after.prom", later, SCRAPES + 1)):
            (folder / file).write_text("\n".join(_page(written, counts, reads)) + "\n", encoding="utf-8")
        requests = sum(n for _, n in MIX)
        mean = (MIX[-1][1] * SLOW + (requests - MIX[-1][1]) * FAST) / requests * 1000
        truth = Truth(name, written.source, requests, ERRORS, SCRAPES + 1, round(mean, 1), SLOW * 1000)
        (folder / "truth.json").write_text(json.dumps({"run": False, **asdict(truth)}, indent=1) + "\n")


def _page(written: Written, counts: dict[str, int], reads: int) -> Iterator[str]:
    counted: dict[str, int] = {}
    timed: dict[str, list[int]] = {}  # of each series: all, and the slow ones
    for path, n in {**counts, **({written.page: reads} if written.page and reads else {})}.items():
        series, times = written.requests.format(**_values(path)), written.durations.format(**_values(path))
        counted[series] = counted.get(series, 0) + n
        sizes = timed.setdefault(times, [0, 0])
        sizes[0] += n
        sizes[1] += n if path == "/slow" else 0
    if "_seconds_count" not in written.requests:
        yield f"# TYPE {written.requests.partition('{')[0]} counter"
        yield from (f"{series} {n}" for series, n in counted.items())
    for line in written.beside:  # as many again, so that they show when they are counted
        yield f"{line.format(**_values('/ok'))} {sum(counts.values())}"
        yield f"{line.format(**_values('/fail'))} {counts.get('/ok', 0)}"
    yield f"# TYPE {written.durations.partition('{')[0]} {'histogram' if written.bounds else 'summary'}"
    for times, (size, slow) in timed.items():
        yield from _durations(written, times, size, slow)


def _durations(written: Written, times: str, size: int, slow: int) -> Iterator[str]:
    name, _, labels = times.partition("{")
    inside = labels.removesuffix("}")
    for bound in written.bounds:
        under = size if bound >= SLOW * written.scale else size - slow
        yield f'{name}_bucket{{{inside},le="{bound:g}"}} {under if bound >= FAST * written.scale else 0}'
    if written.bounds:
        yield f'{name}_bucket{{{inside},le="+Inf"}} {size}'
    total = (slow * SLOW + (size - slow) * FAST) * written.scale
    yield f"{name}_sum{{{inside}}} {total:.6g}"
    yield f"{name}_count{{{inside}}} {size}"


def _values(path: str) -> dict[str, object]:
    status = STATUS.get(path, 200)
    failed = status >= 500
    outcomes = {2: "SUCCESS", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}
    return {
        "status": status,
        "path": path,
        "action": ROUTES.get(path, "metrics"),
        "outcome": outcomes[status // 100],
        "exception": "RuntimeException" if path == "/raise" else "None",
        "success": "failure" if failed else "success",
    }


if __name__ == "__main__":
    main()

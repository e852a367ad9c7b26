import asyncio
import sys

from aiohttp import web
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import generate_latest

set_meter_provider(MeterProvider([PrometheusMetricReader()]))
AioHttpServerInstrumentor().instrument()


async def metrics(request):
    return web.Response(body=generate_latest(), content_type="text/plain")


async def ok(request):
    return web.Response(text="ok")


async def fail(request):
    return web.Response(status=500)


async def crash(request):
    raise RuntimeError("unhandled")


async def slow(request):
    await asyncio.sleep(0.12)
    return web.Response(text="slow")


app = web.Application()
for path, handler in {"metrics": metrics, "ok": ok, "fail": fail, "raise": crash, "slow": slow}.items():
    app.router.add_get(f"/{path}", handler)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)

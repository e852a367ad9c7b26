import asyncio
import sys

from aiohttp import web
from aiohttp_prometheus_exporter.handler import metrics
from aiohttp_prometheus_exporter.middleware import prometheus_middleware_factory


async def ok(request):
    return web.Response(text="ok")


async def fail(request):
    return web.Response(status=500)


async def crash(request):
    raise RuntimeError("unhandled")


async def slow(request):
    await asyncio.sleep(0.12)
    return web.Response(text="slow")


app = web.Application(middlewares=[prometheus_middleware_factory()])
for path, handler in {"metrics": metrics(), "ok": ok, "fail": fail, "raise": crash, "slow": slow}.items():
    app.router.add_get(f"/{path}", handler)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)

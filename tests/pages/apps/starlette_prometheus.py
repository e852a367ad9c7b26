import asyncio
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_prometheus import PrometheusMiddleware, metrics


async def ok(request):
    return PlainTextResponse("ok")


async def fail(request):
    return PlainTextResponse("no", 500)


async def crash(request):
    raise RuntimeError("unhandled")


async def slow(request):
    await asyncio.sleep(0.12)
    return PlainTextResponse("slow")


paths = {"/metrics": metrics, "/ok": ok, "/fail": fail, "/raise": crash, "/slow": slow}
app = Starlette(routes=[Route(path, handler) for path, handler in paths.items()])
app.add_middleware(PrometheusMiddleware)
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")

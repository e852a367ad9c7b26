import asyncio
import sys

import uvicorn
from litestar import Litestar, Response, get
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController


@get("/ok")
async def ok() -> str:
    return "ok"


@get("/fail")
async def fail() -> Response[str]:
    return Response("no", status_code=500)


@get("/raise")
async def crash() -> str:
    raise RuntimeError("unhandled")


@get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.12)
    return "slow"


app = Litestar([PrometheusController, ok, fail, crash, slow], middleware=[PrometheusConfig().middleware])
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")

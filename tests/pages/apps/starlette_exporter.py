import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Response
from starlette_exporter import PrometheusMiddleware, handle_metrics

app = FastAPI()
app.add_middleware(PrometheusMiddleware)
app.add_route("/metrics", handle_metrics)


@app.get("/ok")
async def ok():
    return "ok"


@app.get("/fail")
async def fail():
    return Response(status_code=500)


@app.get("/raise")
async def crash():
    raise RuntimeError("unhandled")


@app.get("/slow")
async def slow():
    await asyncio.sleep(0.12)
    return "slow"


uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")

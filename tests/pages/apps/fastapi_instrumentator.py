import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Response
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator().instrument(app).expose(app)


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

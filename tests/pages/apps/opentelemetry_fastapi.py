import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Response
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import make_asgi_app

set_meter_provider(MeterProvider([PrometheusMetricReader()]))
app = FastAPI()
app.mount("/metrics", make_asgi_app())


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


FastAPIInstrumentor.instrument_app(app)
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")

import sys
import time

import waitress
from flask import Flask
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import generate_latest

set_meter_provider(MeterProvider([PrometheusMetricReader()]))
app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)


@app.get("/metrics")
def metrics():
    return generate_latest(), 200, {"content-type": "text/plain; version=0.0.4"}


@app.get("/ok")
def ok():
    return "ok"


@app.get("/fail")
def fail():
    return "no", 500


@app.get("/raise")
def crash():
    raise RuntimeError("unhandled")


@app.get("/slow")
def slow():
    time.sleep(0.12)
    return "slow"


waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=4, _quiet=True)

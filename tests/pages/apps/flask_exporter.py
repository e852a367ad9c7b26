import sys
import time

import waitress
from flask import Flask
from prometheus_flask_exporter import PrometheusMetrics

app = Flask(__name__)
PrometheusMetrics(app)


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

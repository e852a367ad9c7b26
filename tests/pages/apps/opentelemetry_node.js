const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { MeterProvider } = require("@opentelemetry/sdk-metrics");

const exporter = new PrometheusExporter({ port: Number(process.argv[3]), host: "127.0.0.1" });
const meterProvider = new MeterProvider({ readers: [exporter] });
registerInstrumentations({ meterProvider, instrumentations: [new HttpInstrumentation()] });

const express = require("express");

const app = express();
app.get("/ok", (_, response) => response.send("ok"));
app.get("/fail", (_, response) => response.status(500).send("no"));
app.get("/raise", () => { throw new Error("unhandled"); });
app.get("/slow", (_, response) => setTimeout(() => response.send("slow"), 120));
app.listen(Number(process.argv[2]), "127.0.0.1");

// prom-client by hand, as its own example and many articles have it
const express = require("express");
const client = require("prom-client");

client.collectDefaultMetrics();
const duration = new client.Histogram({
  name: "http_request_duration_seconds",
  help: "Duration of HTTP requests in seconds",
  labelNames: ["method", "route", "code"],
});
const app = express();
app.use((request, response, next) => {
  const end = duration.startTimer();
  response.on("finish", () =>
    end({ method: request.method, route: request.route?.path ?? request.path, code: response.statusCode }),
  );
  next();
});
app.get("/metrics", async (_, response) => {
  response.set("Content-Type", client.register.contentType);
  response.end(await client.register.metrics());
});
app.get("/ok", (_, response) => response.send("ok"));
app.get("/fail", (_, response) => response.status(500).send("no"));
app.get("/raise", () => { throw new Error("unhandled"); });
app.get("/slow", (_, response) => setTimeout(() => response.send("slow"), 120));
app.listen(Number(process.argv[2]), "127.0.0.1");

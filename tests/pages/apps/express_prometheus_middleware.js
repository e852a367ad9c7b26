const express = require("express");
const prometheus = require("express-prometheus-middleware");

const app = express();
app.use(prometheus({ metricsPath: "/metrics", collectDefaultMetrics: true }));
app.get("/ok", (_, response) => response.send("ok"));
app.get("/fail", (_, response) => response.status(500).send("no"));
app.get("/raise", () => { throw new Error("unhandled"); });
app.get("/slow", (_, response) => setTimeout(() => response.send("slow"), 120));
app.listen(Number(process.argv[2]), "127.0.0.1");

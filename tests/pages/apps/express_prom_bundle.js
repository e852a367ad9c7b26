const express = require("express");
const bundle = require("express-prom-bundle");

const app = express();
app.use(bundle({ includeMethod: true, includePath: true }));
app.get("/ok", (_, response) => response.send("ok"));
app.get("/fail", (_, response) => response.status(500).send("no"));
app.get("/raise", () => { throw new Error("unhandled"); });
app.get("/slow", (_, response) => setTimeout(() => response.send("slow"), 120));
app.listen(Number(process.argv[2]), "127.0.0.1");

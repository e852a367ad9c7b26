const express = require("express");
const { createMiddleware, getContentType, getSummary } = require("@promster/express");

const app = express();
app.use(createMiddleware({ app }));
app.get("/metrics", async (_, response) => {
  response.setHeader("Content-Type", getContentType());
  response.end(await getSummary());
});
app.get("/ok", (_, response) => response.send("ok"));
app.get("/fail", (_, response) => response.status(500).send("no"));
app.get("/raise", () => { throw new Error("unhandled"); });
app.get("/slow", (_, response) => setTimeout(() => response.send("slow"), 120));
app.listen(Number(process.argv[2]), "127.0.0.1");

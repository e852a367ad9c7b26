import { serve } from "@hono/node-server";
import { prometheus } from "@hono/prometheus";
import { Hono } from "hono";

const { printMetrics, registerMetrics } = prometheus();
const app = new Hono();
app.use("*", registerMetrics);
app.get("/metrics", printMetrics);
app.get("/ok", (c) => c.text("ok"));
app.get("/fail", (c) => c.text("no", 500));
app.get("/raise", () => {
  throw new Error("unhandled");
});
app.get("/slow", async (c) => {
  await new Promise((done) => setTimeout(done, 120));
  return c.text("slow");
});
serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: "127.0.0.1" });

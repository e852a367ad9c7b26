const fastify = require("fastify")();
const metrics = require("fastify-metrics");

fastify.register(metrics.default ?? metrics, { endpoint: "/metrics" });
fastify.register(async (app) => {
  app.get("/ok", async () => "ok");
  app.get("/fail", async (_, reply) => reply.code(500).send("no"));
  app.get("/raise", async () => {
    throw new Error("unhandled");
  });
  app.get("/slow", async () => {
    await new Promise((done) => setTimeout(done, 120));
    return "slow";
  });
});
fastify.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });

import { openClient, openWorker } from "./http-pair.ts";
import { transferContract } from "./transfer-contract.ts";

transferContract("HTTP transfers", async (log) => {
  const { server, worker } = await openWorker(log);
  const client = openClient([worker]);
  return {
    client,
    server,
    async close() {
      await client[Symbol.asyncDispose]();
      await server.stop(0);
    },
  };
});

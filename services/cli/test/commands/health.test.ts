import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { health } from "../../src/commands/health.ts";
import { COMPLETE } from "../environment.ts";

const ALONE = {
  ...COMPLETE,
  NATS_URL: "nats://127.0.0.1:1",
  KEYS_SECRET: "k".repeat(64),
  SERVICE_SECRET: "s".repeat(64),
};

/** A port that answers probes: ready or not. */
async function probed(isReady: boolean) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    res.statusCode = isReady || req.url === "/livez" ? 200 : 503;
    res.end(isReady ? "" : '{"status":"not_ready"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, asked, [Symbol.dispose]: () => server.close() };
}

describe("s3eg health", () => {
  it("asks the port of metrics, else that of S3", async () => {
    using ready = await probed(true);
    const anywhere = { ...ALONE, METRICS_ADDR: `:${ready.port}` };
    assert.equal(await health(["keys"], anywhere), "ok\n");
    const loopback = { ...COMPLETE, LISTEN_ADDR: `127.0.0.1:${ready.port}` };
    assert.equal(await health([], loopback), "ok\n");
    assert.deepEqual(ready.asked, ["/readyz", "/readyz"]);
  });

  it("fails with what the probe says, unless only life is asked for", async () => {
    using busy = await probed(false);
    const env = { ...COMPLETE, METRICS_ADDR: `127.0.0.1:${busy.port}` };
    await assert.rejects(health([], env), { exitCode: 1, message: '503 {"status":"not_ready"}' });
    assert.equal(await health(["--live"], env), "ok\n");
  });

  it("fails where nobody answers, and where no port would", async () => {
    const gone = await probed(true);
    gone[Symbol.dispose]();
    const env = { ...COMPLETE, METRICS_ADDR: `127.0.0.1:${gone.port}` };
    await assert.rejects(health([], env), { exitCode: 1, message: /^nobody answers/ });
    await assert.rejects(health(["keys"], ALONE), { exitCode: 78 });
    await assert.rejects(health(["--lively"], env), { exitCode: 2 });
  });
});

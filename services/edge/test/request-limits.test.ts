import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { requestLimits } from "../src/request-limits.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

const GET = { method: "GET", path: "/photos/cat" };
const PUT = { method: "PUT", path: "/photos/cat", body: "meow" };

describe("the rate of requests", () => {
  it("is not limited where nobody asks for it", async () => {
    await using edge = await runningEdge();
    await edge.send(PUT);
    for (let index = 0; index < 150; index++) assert.equal((await edge.send(GET)).status, 200);
  });

  it("is limited by address, before anything of a request is looked at", async () => {
    const env = {
      RATE_LIMIT_ENABLED: "true",
      RATE_LIMIT_REQUESTS: "3",
      RATE_LIMIT_WINDOW: "1h",
      SERVER_TRUSTED_PROXIES: "127.0.0.1",
    };
    await using edge = await runningEdge({ env });
    const from = (address: string) => ({ ...GET, headers: { "x-forwarded-for": address } });
    await edge.send({ ...PUT, headers: { "x-forwarded-for": "192.0.2.1" } });
    assert.equal((await edge.send(from("192.0.2.1"))).status, 200);
    assert.equal((await edge.sendUnsigned(from("192.0.2.1"))).code, "AccessDenied");
    const refused = await edge.send(from("192.0.2.1"));
    assert.deepEqual([refused.status, refused.code], [503, "SlowDown"]);
    const seconds = Number(refused.headers["retry-after"]);
    assert.ok(seconds > 1000 && seconds <= 1200, "a third of the window");
    assert.equal((await edge.send(from("192.0.2.2"))).status, 200);
    assert.equal(edge.done.at(-2)?.error, "SlowDown");
    assert.equal(edge.done.at(-1)?.clientIp, "192.0.2.2");
    assert.match(
      await edge.metrics.text(),
      /gateway_rate_limited_requests_total\{limit="server"\} 1/,
    );
  });

  it("is limited by credential where a signature is right, else by address", async () => {
    const metrics = createMetrics();
    const rate = { by: "credential", limit: 2, windowMs: 60_000 } as const;
    const limits = requestLimits(rate, { metrics });
    const clientIp = "192.0.2.1";
    const principal = { accessKey: "AK" } as never;
    for (let index = 0; index < 5; index++) await limits.arrived(clientIp);
    for (let index = 0; index < 2; index++) await limits.identified({ clientIp, principal });
    await assert.rejects(limits.identified({ clientIp: "192.0.2.2", principal }), {
      code: "SlowDown",
    });
    for (let index = 0; index < 2; index++) await limits.identified({ clientIp });
    await assert.rejects(limits.identified({ clientIp }), { code: "SlowDown" });
  });

  it("goes by what all replicas counted together, and by itself where nobody knows", async () => {
    const told: (number | undefined)[] = [0, 2500, undefined, undefined];
    const asked: unknown[] = [];
    const shared = {
      take: async (...asking: unknown[]) => {
        asked.push(asking);
        return told.shift();
      },
    };
    const rate = { by: "address", limit: 1, windowMs: 60_000, isShared: true } as const;
    const limits = requestLimits(rate, { metrics: createMetrics(), shared });
    await limits.arrived("192.0.2.1");
    await assert.rejects(limits.arrived("192.0.2.1"), { headers: { "retry-after": "3" } });
    await limits.arrived("192.0.2.1");
    await assert.rejects(limits.arrived("192.0.2.1"), { headers: { "retry-after": "60" } });
    assert.deepEqual(asked[0], ["server", rate, "192.0.2.1"]);
    const alone = requestLimits({ ...rate, isShared: false }, { metrics: createMetrics(), shared });
    await alone.arrived("192.0.2.1");
    assert.equal(asked.length, 4);
  });

  it("counts preflights, which nobody signs, as those of their address", async () => {
    const window = { RATE_LIMIT_REQUESTS: "1", RATE_LIMIT_WINDOW: "1h" };
    const env = { RATE_LIMIT_ENABLED: "true", RATE_LIMIT_BY: "credential", ...window };
    const rate = { by: "credential", limit: 1, windowMs: 3_600_000 } as const;
    const rules = [{ ...STANDARD, id: "slow", buckets: ["slow"], rate }];
    for (const [limits, bucket] of [
      [{ env }, "photos"],
      [{ rules }, "slow"],
    ] as const) {
      await using edge = await runningEdge(limits);
      const headers = { origin: "http://there", "access-control-request-method": "GET" };
      const ask = () => edge.sendUnsigned({ method: "OPTIONS", path: `/${bucket}/cat`, headers });
      assert.notEqual((await ask()).code, "SlowDown");
      const asked = edge.backend.kept.length;
      assert.equal((await ask()).code, "SlowDown");
      assert.equal(edge.backend.kept.length, asked);
      assert.equal((await edge.send({ ...PUT, path: "/other/cat" })).status, 200);
    }
  });

  it("may be one of a policy's buckets alone", async () => {
    const rate = { by: "address", limit: 1, windowMs: 3_600_000 } as const;
    const rules = [{ ...STANDARD, id: "slow", buckets: ["slow-*"], rate }];
    await using edge = await runningEdge({ rules });
    const slow = (bucket: string) => ({ ...PUT, path: `/${bucket}/cat` });
    assert.equal((await edge.send(slow("slow-1"))).status, 200);
    assert.equal((await edge.send(slow("slow-2"))).code, "SlowDown");
    assert.equal((await edge.send(PUT)).status, 200);
    assert.match(
      await edge.metrics.text(),
      /gateway_rate_limited_requests_total\{limit="slow"\} 1/,
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/faults.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { SharedRates } from "../../src/runtime/shared-rate-limit.ts";
import type { ValkeyArgument } from "../../src/runtime/valkey.ts";

const RATE = { limit: 5, windowMs: 1000 };
const secret = new Secret<Uint8Array>(Buffer.alloc(32, 7));

/** Limits on a Valkey that answers as it is told; what the script does there is tried on a real one (`e2e/suites/limits.test.ts`). */
function rates(answer: () => Promise<unknown>) {
  const asked: { keys: readonly string[]; args: readonly ValkeyArgument[] }[] = [];
  const warnings: string[] = [];
  const metrics = createMetrics();
  const valkey = {
    isUp: true,
    run: async (_: unknown, keys: readonly string[], args: readonly ValkeyArgument[]) => {
      asked.push({ keys, args });
      return await answer();
    },
  };
  let opened = 0;
  const ignore = () => undefined;
  const log = {
    ...{ debug: ignore, info: ignore, error: ignore, child: () => log },
    warn: (_: unknown, text: string) => warnings.push(text),
  };
  const open = () => {
    opened += 1;
    return valkey;
  };
  const shared = new SharedRates({ open, secret, log: log as never, metrics });
  return { shared, asked, valkey, warnings, metrics, opened: () => opened };
}

describe("shared rates", () => {
  it("ask Valkey for a token of a bucket whose name tells nothing", async () => {
    const { shared, asked, opened } = rates(async () => 0);
    assert.equal(opened(), 0);
    assert.equal(await shared.take("server", RATE, "192.0.2.1"), 0);
    await shared.take("server", RATE, "192.0.2.1");
    await shared.take("server", RATE, "192.0.2.2");
    await shared.take("policy", RATE, "192.0.2.1");
    await shared.take("server", { ...RATE, limit: 6 }, "192.0.2.1");
    assert.equal(opened(), 1);
    const buckets = asked.map(({ keys }) => keys.join(" "));
    assert.equal(buckets[0], buckets[1]);
    assert.equal(new Set(buckets).size, 4);
    for (const bucket of buckets) assert.match(bucket, /^s3eg:rate:[\w-]{43}$/);
    assert.deepEqual(asked[0]?.args, [5, 1000]);
  });

  it("say how long a client has to wait", async () => {
    const { shared } = rates(async () => 250);
    assert.equal(await shared.take("server", RATE, "a"), 250);
  });

  it("leave it to the process while Valkey is away, and say so once each time", async () => {
    const { shared, valkey, warnings, metrics } = rates(async () => 0);
    valkey.isUp = false;
    assert.equal(await shared.take("server", RATE, "a"), undefined);
    assert.equal(await shared.take("server", RATE, "a"), undefined);
    assert.equal(warnings.length, 1);
    valkey.isUp = true;
    assert.equal(await shared.take("server", RATE, "a"), 0);
    valkey.isUp = false;
    await shared.take("server", RATE, "a");
    assert.equal(warnings.length, 2);
    assert.match(await metrics.text(), /\ngateway_rate_limit_fallbacks_total 3\n/);
  });

  it("leave it to the process where Valkey fails", async () => {
    const { shared } = rates(() => Promise.reject(new Fault("state.unavailable", "gone")));
    assert.equal(await shared.take("server", RATE, "a"), undefined);
  });

  it("do not wait for a Valkey that does not answer", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { shared } = rates(() => new Promise(() => undefined));
    const taken = shared.take("server", RATE, "a");
    context.mock.timers.tick(100);
    assert.equal(await taken, undefined);
  });
});

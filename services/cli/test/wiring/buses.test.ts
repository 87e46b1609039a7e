import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openBus } from "../../src/wiring/buses.ts";
import { COMPLETE, KeptLog } from "../environment.ts";

const roles = new Set(["edge"] as const);

describe("the bus of a process", () => {
  it("is memory where no broker is configured", async () => {
    const { config } = readGatewayConfig([], COMPLETE);
    const signal = new AbortController().signal;
    const { bus, nats } = await openBus(config.nats, { roles, log: new KeptLog(), signal });
    await using _ = bus;
    assert.ok(bus instanceof MemoryBus);
    assert.equal(nats, undefined);
  });

  it("is given up when the process is told to stop while the broker is out of reach", async () => {
    const { config } = readGatewayConfig([], { ...COMPLETE, NATS_URL: "nats://127.0.0.1:1" });
    const stop = new AbortController();
    const { signal } = stop;
    const opened = openBus(config.nats, { roles, log: new KeptLog(), signal });
    setImmediate(() => stop.abort(new Error("stopped")));
    await assert.rejects(opened);
  });
});

import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { logLevelSet } from "../../src/contracts/log-level.ts";
import { createLog } from "../../src/runtime/log.ts";
import { followLogLevel, LogLevelKeeper } from "../../src/runtime/log-level.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { AnnouncementProof } from "../../src/trust/announcement-proof.ts";

function setUp() {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLog({ service: "test", level: "info", destination });
  const child = log.child({ room: "a" });
  const keeper = new LogLevelKeeper(log, "info");
  const writes = (level: "debug" | "info") => {
    const before = lines.length;
    child[level]({}, "a line");
    return lines.length > before;
  };
  return { log, keeper, writes, lines };
}

describe("the log level", () => {
  it("is an operator's wish while there is one, else the configured one", () => {
    const { keeper, writes } = setUp();
    using _ending = keeper;
    assert.equal(writes("debug"), false);
    keeper.wish("debug");
    assert.equal(writes("debug"), true);
    assert.deepEqual(keeper.state, { level: "debug", configured: "info" });
    keeper.configure("warn");
    assert.equal(writes("debug"), true);
    keeper.wish(undefined);
    assert.equal(writes("info"), false);
    assert.deepEqual(keeper.state, { level: "warn", configured: "warn" });
  });

  it("goes back by itself, also after longer than a timer can wait", () => {
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
    try {
      const { keeper, writes } = setUp();
      using _ending = keeper;
      const fortyDaysMs = 40 * 86_400_000;
      keeper.wish("debug", Date.now() + fortyDaysMs);
      mock.timers.tick(fortyDaysMs - 1);
      assert.equal(writes("debug"), true);
      mock.timers.tick(1);
      assert.equal(writes("debug"), false);
      assert.deepEqual(keeper.state, { level: "info", configured: "info" });
    } finally {
      mock.timers.reset();
    }
  });

  it("is set by who holds the secret, and not by an older or a made-up announcement", async () => {
    const { log, keeper, lines } = setUp();
    using _ending = keeper;
    const bus = new MemoryBus({ log });
    const secretOf = (byte: number) => new Secret<Uint8Array>(Buffer.alloc(32, byte));
    let nowMs = Date.now();
    const proof = new AnnouncementProof(secretOf(1), "log-level", () => nowMs);
    followLogLevel(keeper, { bus, log, proof });
    const older = proof.prove({ level: "error" as const });
    nowMs += 1;
    await bus.publish(logLevelSet, proof.prove({ level: "debug" as const }));
    assert.equal(keeper.state.level, "debug");
    const other = new AnnouncementProof(secretOf(2), "log-level", () => nowMs + 1);
    await bus.publish(logLevelSet, other.prove({ level: "error" as const }));
    const ofAnother = new AnnouncementProof(secretOf(1), "process", () => nowMs + 1);
    await bus.publish(logLevelSet, ofAnother.prove({ level: "error" as const }));
    await bus.publish(logLevelSet, older);
    await bus.publish(logLevelSet, { level: "error", announcedAtMs: nowMs + 2, mac: "" });
    assert.equal(keeper.state.level, "debug");
    assert.match(lines.join(""), /not believed/);
    nowMs += 10;
    await bus.publish(logLevelSet, proof.prove({}));
    assert.equal(keeper.state.level, "info");
  });
});

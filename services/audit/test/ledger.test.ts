import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { Ledger, type LedgerParts } from "../src/ledger.ts";

function setUp(write: (lines: string) => Promise<void>, more: Partial<LedgerParts> = {}) {
  const logged: string[] = [];
  const counted = { dropped: 0 };
  const ledger = new Ledger({
    writer: { write: (lines) => write(lines.join("")), settle: () => Promise.resolve() },
    log: createLog({
      service: "test",
      level: "info",
      destination: { write: (line) => logged.push(line) },
    }),
    dropped: {
      add: (_, amount = 1) => {
        counted.dropped += amount;
      },
    },
    maxWaiting: 1000,
    retryCount: 0,
    retryBackoffMs: 0,
    overflow: "drop",
    ...more,
  });
  return { ledger, logged, counted };
}

describe("Ledger", () => {
  it("writes everything in order, one write at a time", async () => {
    const writes: string[] = [];
    let underWay = 0;
    const { ledger } = setUp(async (lines) => {
      assert.equal(++underWay, 1);
      await new Promise(setImmediate);
      underWay--;
      writes.push(lines);
    });
    const expected = Array.from({ length: 900 }, (_, index) => `${index}\n`);
    for (const line of expected.slice(0, 100)) ledger.add(line);
    await new Promise(setImmediate);
    for (const line of expected.slice(100)) ledger.add(line);
    await ledger[Symbol.asyncDispose]();
    assert.equal(writes.join(""), expected.join(""));
    assert.ok(writes.length < 10, "lines are written together");
  });

  it("drops and counts what finds no room", async () => {
    const gate = Promise.withResolvers<void>();
    const writes: string[] = [];
    const { ledger, counted } = setUp(
      async (lines) => {
        await gate.promise;
        writes.push(lines);
      },
      { maxWaiting: 3 },
    );
    for (let index = 0; index < 10; index++) ledger.add(`${index}\n`);
    gate.resolve();
    await ledger[Symbol.asyncDispose]();
    assert.equal(writes.join(""), "0\n1\n2\n");
    assert.equal(counted.dropped, 7);
  });

  it("repeats a failed write as often as it is told", async () => {
    let attempts = 0;
    const { ledger, counted } = setUp(
      async () => {
        if (++attempts < 3) throw new Error("disk full");
      },
      { retryCount: 2 },
    );
    ledger.add("a\n");
    await ledger[Symbol.asyncDispose]();
    assert.equal(attempts, 3);
    assert.equal(counted.dropped, 0);
  });

  it("counts and logs events that the sink refused, and goes on with the next", async () => {
    const writes: string[] = [];
    const { ledger, counted, logged } = setUp(async (lines) => {
      if (lines.startsWith("bad")) throw new Error("disk full");
      writes.push(lines);
    });
    ledger.add("bad 1\n");
    ledger.add("bad 2\n");
    await ledger[Symbol.asyncDispose]();
    ledger.add("good\n");
    await ledger[Symbol.asyncDispose]();
    assert.deepEqual(writes, ["good\n"]);
    assert.equal(counted.dropped, 2);
    assert.match(logged.join(""), /disk full/);
  });

  it("resolves for who waits when the line is written, and tells the writer when nothing waits", async () => {
    const gate = Promise.withResolvers<void>();
    const steps: string[] = [];
    const { ledger } = setUp(() => gate.promise, {
      writer: {
        write: async () => {
          await gate.promise;
          steps.push("written");
        },
        settle: async () => void steps.push("settled"),
      },
    });
    const recorded = ledger.record("a\n").then(() => steps.push("recorded"));
    gate.resolve();
    await recorded;
    await ledger[Symbol.asyncDispose]();
    assert.deepEqual(steps.toSorted(), ["recorded", "settled", "written"]);
    assert.equal(steps[0], "written");
  });

  it("where overflow is drop, lets go of who waits for a line that was lost or found no room", async () => {
    const { ledger, counted } = setUp(() => Promise.reject(new Error("disk full")), {
      maxWaiting: 1,
    });
    await Promise.all([ledger.record("a\n"), ledger.record("b\n")]);
    assert.equal(counted.dropped, 2);
  });

  it("where overflow is block, repeats until the line is written, and refuses what finds no room", async () => {
    let attempts = 0;
    const written: string[] = [];
    const { ledger, counted, logged } = setUp(
      async (lines) => {
        if (++attempts < 3) throw new Error("disk full");
        written.push(lines);
      },
      { overflow: "block", maxWaiting: 1 },
    );
    const first = ledger.record("a\n");
    await assert.rejects(ledger.record("b\n"), { code: "limit.busy" });
    await first;
    assert.deepEqual(written, ["a\n"]);
    assert.equal(counted.dropped, 0);
    assert.match(logged.join(""), /cannot be written/);
  });

  it("where overflow is block, refuses who waits when it is closed while the sink fails", async () => {
    const { ledger, counted } = setUp(() => Promise.reject(new Error("disk full")), {
      overflow: "block",
    });
    const refused = assert.rejects(ledger.record("a\n"), { code: "limit.busy" });
    await ledger[Symbol.asyncDispose]();
    await refused;
    assert.equal(counted.dropped, 1);
  });
});

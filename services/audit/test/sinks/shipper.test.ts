import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import type { EventReceiver } from "../../src/sinks/event-receiver.ts";
import { Shipper, type ShipperParts } from "../../src/sinks/shipper.ts";
import type { Batch, Spool } from "../../src/sinks/spool.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A spool in memory. */
class MemorySpool implements Pick<Spool, "next" | "taken"> {
  lines: string[] = [];
  taking = 0;

  async next({ count }: { count: number }): Promise<Batch | undefined> {
    await Promise.resolve();
    const lines = this.lines.slice(this.taking, this.taking + count);
    const end = { inode: 0, offset: this.taking + lines.length };
    return lines.length === 0 ? undefined : { lines, mac: "", end };
  }

  async taken({ end }: Batch): Promise<void> {
    await Promise.resolve();
    this.taking = end.offset;
  }
}

function started(parts: Partial<ShipperParts> = {}) {
  const spool = new MemorySpool();
  const posts: (readonly string[])[] = [];
  const state = { failures: 0 };
  const receiver: EventReceiver = {
    async post(lines) {
      await Promise.resolve();
      if (state.failures-- > 0) throw new Error("away");
      posts.push(lines);
    },
    [Symbol.dispose]() {},
  };
  const metrics = createMetrics();
  const shipper = new Shipper({
    spool,
    receiver,
    batchSize: 3,
    flushIntervalMs: 0,
    backoffMs: 1,
    log: SILENT,
    metrics,
    ...parts,
  });
  const add = (...lines: string[]) => {
    spool.lines.push(...lines);
    shipper.wake();
  };
  return { shipper, posts, state, metrics, add };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 500, "it never came");
    await sleep(5);
  }
}

describe("the shipper", () => {
  it("sends what there is, in batches and in order", async () => {
    const { shipper, posts, add } = started();
    await using _ = shipper;
    add("1", "2", "3", "4");
    await until(() => posts.length === 2);
    add("5");
    await until(() => posts.length === 3);
    assert.deepEqual(posts, [["1", "2", "3"], ["4"], ["5"]]);
  });

  it("tries a batch until it is taken", async () => {
    const { shipper, posts, state, metrics, add } = started();
    await using _ = shipper;
    state.failures = 4;
    add("1");
    await until(() => posts.length === 1);
    assert.deepEqual(posts, [["1"]]);
    assert.match(await metrics.text(), /gateway_audit_posts_total\{result="error"\} 4/);
  });

  it("waits for others where it is told to, but not when it ends", async () => {
    const { shipper, posts, add } = started({ flushIntervalMs: 60_000 });
    add("1");
    await sleep(20);
    add("2");
    assert.deepEqual(posts, []);
    await shipper[Symbol.asyncDispose]();
    assert.deepEqual(posts, [["1", "2"]]);
  });

  it("ends also while the receiver is away", async () => {
    const { shipper, posts, state, add } = started({ backoffMs: 60_000 });
    state.failures = 1000;
    add("1");
    await sleep(10);
    await shipper[Symbol.asyncDispose]();
    assert.deepEqual(posts, []);
  });
});

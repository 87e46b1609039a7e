/** What every queue of work holds to, whatever carries it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WorkQueue } from "../../src/bus/work-queue.ts";

/** Runs the contract on two takers of one fresh queue. */
export function workQueueContract(
  name: string,
  open: () => Promise<{ one: WorkQueue; other: WorkQueue; close(): Promise<void> }>,
): void {
  const forEver = new AbortController().signal;

  describe(`work queue: ${name}`, () => {
    it("gives each piece to one taker, in order, and the same put twice once", async () => {
      const { one, other, close } = await open();
      await one.put("a", "a-0");
      await one.put("a", "a-0");
      await other.put("b", "b-0");
      const first = await other.take(forEver);
      const second = await one.take(forEver);
      assert.deepEqual([first?.id, second?.id], ["a", "b"]);
      first?.extend();
      first?.done();
      second?.done();
      assert.equal(await one.take(forEver), undefined);
      await close();
    });

    it("gives again what was given back, and what is put anew", async () => {
      const { one, other, close } = await open();
      await one.put("a", "a-0");
      const first = await one.take(forEver);
      first?.giveBack(1);
      const again = await other.take(forEver);
      assert.equal(again?.id, "a");
      again?.done();
      await one.put("a", "a-1");
      const anew = await other.take(forEver);
      assert.equal(anew?.id, "a");
      anew?.done();
      await close();
    });

    it("gives nothing to who has stopped", async () => {
      const { one, close } = await open();
      await one.put("a", "a-0");
      const stop = new AbortController();
      stop.abort();
      assert.equal(await one.take(stop.signal), undefined);
      const task = await one.take(forEver);
      assert.equal(task?.id, "a");
      task?.done();
      await close();
    });
  });
}

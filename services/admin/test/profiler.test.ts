import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { openProfiler } from "../src/profiler.ts";

interface CpuProfile {
  readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
}

function busyWork(untilMs: number): number {
  let sum = 0;
  while (performance.now() < untilMs) for (let n = 0; n < 1000; n++) sum += Math.sqrt(n);
  return sum;
}

/** Holds what it makes, so that it is still in use when the profile ends. */
function holdMemory(): number[][] {
  return Array.from({ length: 400 }, () => Array.from({ length: 2000 }, Math.random));
}

describe("the profiler", () => {
  it("shows which functions the CPU was busy with", async () => {
    const taking = openProfiler({ maxConcurrent: 1 }).take("profile", 0.2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    busyWork(performance.now() + 100);
    const profile = JSON.parse(await taking) as CpuProfile;
    const names = profile.nodes.map(({ callFrame }) => callFrame.functionName);
    assert.ok(names.includes("busyWork"), names.join(" "));
    assert.ok(profile.samples.length > 0);
  });

  for (const kind of ["heap", "allocs"] as const) {
    it(`shows which functions allocated (${kind}), and none of the values`, async () => {
      const taking = openProfiler({ maxConcurrent: 1 }).take(kind, 0.2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const held = holdMemory();
      const text = await taking;
      assert.match(text, /"functionName":"holdMemory"/);
      assert.deepEqual(Object.keys(JSON.parse(text) as object).sort(), ["head", "samples"]);
      assert.equal(held.length, 400);
    });
  }

  it("takes so many at a time and no more, of the heap one", async () => {
    const profiler = openProfiler({ maxConcurrent: 2 });
    const isBusy = (error: unknown) => isFault(error, "limit.busy");
    const heap = profiler.take("heap", 0.1);
    await assert.rejects(profiler.take("allocs", 0.1), isBusy);
    const cpu = profiler.take("profile", 0.1);
    await assert.rejects(profiler.take("profile", 0.1), isBusy);
    await Promise.all([heap, cpu]);
    assert.match(await profiler.take("allocs", 0.01), /"head"/);
  });
});

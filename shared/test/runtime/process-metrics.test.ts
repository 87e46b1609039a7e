import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "../../src/runtime/metrics.ts";

describe("what a process tells of itself", () => {
  it("has the names of the Go runtime with what of Node is nearest", async () => {
    const text = await createMetrics().text();
    for (const name of [
      "memory_alloc_bytes",
      "memory_sys_bytes",
      "go_memstats_alloc_bytes",
      "go_memstats_heap_alloc_bytes",
      "go_memstats_heap_inuse_bytes",
      "go_memstats_next_gc_bytes",
      "go_memstats_sys_bytes",
      "goroutines_total",
      "go_goroutines",
    ]) {
      assert.match(text, new RegExp(`^${name} [1-9]\\d*$`, "m"), name);
    }
    assert.match(text, /^go_threads \d+$/m);
    assert.match(text, /^go_info\{version="node\d+\.\d+\.\d+"\} 1$/m);
    assert.match(text, /^go_gc_duration_seconds_count \d+$/m);
    assert.match(text, /^hardware_acceleration_enabled\{type="aes"\} [01]$/m);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WireResponse } from "../../src/backend/carrier.ts";
import { mayBeStale, unlessStale } from "../../src/backend/stale-refusal.ts";
import { bodyOfBytes, collectBody } from "../../src/http/body.ts";

function answer(text: string, more: Partial<WireResponse> = {}): WireResponse {
  const body = bodyOfBytes(Buffer.from(text));
  return {
    status: 400,
    headers: { "content-length": String(text.length) },
    isReused: true,
    body,
    ...more,
  };
}

describe("stale refusals", () => {
  it("suspects a short 400 on a connection that was used before, and nothing else", () => {
    assert.ok(mayBeStale(answer("x")));
    assert.ok(!mayBeStale(answer("x", { isReused: false })));
    assert.ok(!mayBeStale(answer("x", { status: 403 })));
    assert.ok(!mayBeStale(answer("x".repeat(5000))));
    assert.ok(!mayBeStale(answer("x", { headers: {} })));
  });

  it("drops the complaint of a server that could not read, and an answer without text", async () => {
    assert.equal(
      await unlessStale(answer("An error occurred when parsing the HTTP request")),
      undefined,
    );
    assert.equal(await unlessStale(answer("")), undefined);
  });

  it("gives any other refusal back with its text", async () => {
    const kept = await unlessStale(answer("<Error/>"));
    assert.ok(kept);
    const text = await collectBody(kept.body, 100, () => new Error("too long"));
    assert.equal(text.toString(), "<Error/>");
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Fault } from "../../shared/src/faults.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import type { Trouble } from "./tapped-bus.ts";
import { pathOf } from "./wire-client.ts";

const OLD = plaintextOf(2 * C + 5);
const K = pathOf(BUCKET, "k");

/** What can be wrong with keys, and how a client learns of it. */
const TROUBLES: readonly (readonly [string, Trouble, number, string])[] = [
  ["nobody answers", "no-responder", 503, "ServiceUnavailable"],
  ["no answer comes in time", "no-answer", 503, "ServiceUnavailable"],
  ["the key store is out of reach", new Fault("keys.unavailable", "x"), 503, "ServiceUnavailable"],
  ["the broker is cut off", new Fault("bus.unavailable", "x"), 503, "ServiceUnavailable"],
  ["keys refuses", new Fault("keys.refused", "who are you"), 500, "InternalError"],
  ["the key is not configured", new Fault("keys.unknown-key", "key 7"), 500, "InternalError"],
];

describe("keys that fail", () => {
  let gateway: RunningGateway;

  before(async () => {
    gateway = await runningGateway();
    assert.equal((await gateway.client.send("PUT", K, { body: OLD })).status, 200);
  });
  after(() => gateway[Symbol.asyncDispose]());

  for (const [what, trouble, status, code] of TROUBLES) {
    it(`because ${what}: ${code}, the old object stays, and HEAD and lists go on`, async () => {
      {
        using _issue = gateway.bus.trouble("keys.data-key.issue", trouble);
        using _unwrap = gateway.bus.trouble("keys.data-key.unwrap", trouble);
        using _reissue = gateway.bus.trouble("keys.header.reissue", trouble);
        const copy = { headers: { "x-amz-copy-source": K } };
        const range = { headers: { range: "bytes=0-9" } };
        const beyond = { headers: { range: `bytes=${9 * C}-` } };
        for (const [method, key, sending] of [
          ["PUT", "k", { body: plaintextOf(5 * C) }],
          ["PUT", "never-there", { body: "x" }],
          ["PUT", "copy", copy],
          ["GET", "k", {}],
          ["GET", "k", range],
          ["GET", "k", beyond],
        ] as const) {
          const answer = await gateway.client.send(method, pathOf(BUCKET, key), sending);
          assert.deepEqual([answer.status, answer.code], [status, code], `${method} ${key}`);
          assert.doesNotMatch(answer.text, /who are you|key 7/);
        }
        const head = await gateway.client.send("HEAD", K);
        assert.deepEqual([head.status, head.headers["content-length"]], [200, `${OLD.length}`]);
        const { text } = await gateway.client.send("GET", `/${BUCKET}`);
        assert.deepEqual(text.match(/<Key>[^<]*<\/Key>/g), ["<Key>k</Key>"]);
      }
      assert.ok((await gateway.client.send("GET", K)).bytes.equals(OLD));
    });
  }
});

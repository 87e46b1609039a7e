import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unwrapDataKey } from "@s3eg/shared/contracts/keys.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { KEM } from "@s3eg/shared/sealing/hpke.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { AskerSession } from "@s3eg/shared/trust/asker.ts";
import { guardedAnswer } from "../src/guarded-answer.ts";
import { is, place } from "./issued-header.ts";

const secret = new Secret(Buffer.alloc(32, 1));
const input = { place, header: "h" };
const asked = { requestId: "r", deadlineMs: Number.POSITIVE_INFINITY };
const here = { ...asked, isLocal: true };
const elsewhere = { ...asked, isLocal: false };

describe("guardedAnswer", () => {
  let handled = 0;
  const handler = async () => {
    handled += 1;
    return { dataKey: "AAAA" };
  };
  const answer = guardedAnswer(unwrapDataKey, new AnswerGuard({ secret }), handler);

  it("answers a role of this process in the clear", async () => {
    assert.deepEqual(await answer(input, here), { plain: { dataKey: "AAAA" } });
  });

  it("answers a proven asker elsewhere, sealed", async () => {
    const session = new AskerSession({ secret, kem: KEM.x25519 });
    const proven = session.prove(unwrapDataKey, input, "r");
    const answered = await answer(proven.input, elsewhere);
    assert.ok("sealed" in answered && !("plain" in answered));
    assert.deepEqual(proven.openAnswer(answered.sealed), { dataKey: "AAAA" });
  });

  it("does nothing for anyone else", async () => {
    const other = new Secret(Buffer.alloc(32, 2));
    const forged = new AskerSession({ secret: other, kem: KEM.x25519 }).prove(
      unwrapDataKey,
      input,
      "r",
    );
    handled = 0;
    await assert.rejects(answer(input, elsewhere), is("keys.refused"));
    await assert.rejects(answer(forged.input, elsewhere), is("keys.refused"));
    const unguarded = guardedAnswer(unwrapDataKey, undefined, handler);
    const proven = new AskerSession({ secret, kem: KEM.x25519 }).prove(unwrapDataKey, input, "r");
    await assert.rejects(unguarded(proven.input, elsewhere), is("keys.refused"));
    assert.equal(handled, 0);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOfPieces } from "../../src/http/body.ts";
import { guardDownload, guardUpload } from "../../src/http/transfer-answering.ts";
import { faultOf } from "../bus/bus-contract.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { endlessBody, fetching, store } from "./transfer-contract.ts";

const context = { requestId: "r", signal: new AbortController().signal };
const head = { name: "a" };

describe("an upload's answerer behind its schemas", () => {
  it("never sees a tail that does not fit", async () => {
    const answerer = guardUpload(
      store("a"),
      async ({ body }) => {
        await body.pump(() => undefined);
        return assert.fail("committed");
      },
      new KeptLog(),
    );
    const received = { head, body: bodyOfPieces([]), tail: () => ({ sum: 1 }) };
    await assert.rejects(answerer(received, context), faultOf("input.invalid"));
  });

  it("is never called with a head that does not fit, and the body is given up", async () => {
    const answerer = guardUpload(store("a"), () => assert.fail("called"), new KeptLog());
    const body = endlessBody(Buffer.alloc(1));
    const received = { head: {}, body, tail: () => ({}) };
    await assert.rejects(answerer(received, context), faultOf("input.invalid"));
    await body.destroyed;
  });

  it("has its bugs logged, and a result against the contract is one", async () => {
    const log = new KeptLog();
    const answerer = guardUpload(
      store("a"),
      async ({ body }) => {
        await body.pump(() => undefined);
        return { etag: 1 as unknown as string };
      },
      log,
    );
    const received = { head, body: bodyOfPieces([]), tail: () => ({ sum: "" }) };
    await assert.rejects(answerer(received, context), faultOf("internal.bug"));
    assert.deepEqual(log.lines, ["transfer failed"]);
  });
});

describe("a download's body behind its schemas", () => {
  const give = (pieces: Iterable<Uint8Array>, sizeBytes: number) =>
    guardDownload(
      fetching("a"),
      async () => ({ result: { size: 0 }, body: bodyOfPieces(pieces), sizeBytes }),
      new KeptLog(),
    )(head, context);

  it("gives its last piece only when the source has ended properly", async () => {
    const seen: string[] = [];
    const pieces = (function* () {
      yield Buffer.alloc(2);
      yield Buffer.alloc(3);
      seen.push("source ended");
    })();
    const { body } = await give(pieces, 5);
    await body.pump((piece) => {
      seen.push(`took ${piece.byteLength}`);
    });
    assert.deepEqual(seen, ["took 2", "source ended", "took 3"]);
  });

  it("gives no byte beyond its size", async () => {
    const { body } = await give([Buffer.alloc(2), Buffer.alloc(3), Buffer.alloc(1)], 5);
    let taken = 0;
    const pumped = body.pump((piece) => {
      taken += piece.byteLength;
    });
    await assert.rejects(pumped, faultOf("transfer.broken"));
    assert.equal(taken, 2);
  });

  it("is given up where the result does not fit", async () => {
    const body = endlessBody(Buffer.alloc(1));
    const answerer = guardDownload(
      fetching("a"),
      async () => ({ result: { size: "" as unknown as number }, body, sizeBytes: 1 }),
      new KeptLog(),
    );
    await assert.rejects(answerer(head, context), faultOf("internal.bug"));
    await body.destroyed;
  });
});

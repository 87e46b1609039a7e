/** The rules of transfers, run over every implementation of them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { z } from "zod";
import { download, upload } from "../../src/contracts/contract.ts";
import { Fault, isFault } from "../../src/faults.ts";
import { type Body, bodyOfBytes, bodyOfPieces, collectBody } from "../../src/http/body.ts";
import type { TransferClient, TransferServer } from "../../src/http/transfer.ts";
import type { Log } from "../../src/runtime/log.ts";
import { faultOf } from "../bus/bus-contract.ts";
import { KeptLog } from "../runtime/kept-log.ts";

/** Both ends of a carrier. */
export interface TransferPair {
  readonly client: TransferClient;
  readonly server: TransferServer;
  close(): Promise<void>;
}

/** An upload unlike any other test's. */
export function store(path: string) {
  return upload(path, {
    head: z.strictObject({ name: z.string() }),
    tail: z.strictObject({ sum: z.string() }),
    result: z.object({ etag: z.string() }),
  });
}

/** A download unlike any other test's. */
export function fetching(path: string) {
  return download(path, {
    head: z.strictObject({ name: z.string() }),
    result: z.object({ size: z.number() }),
  });
}

/** What comes first of many pieces, and what may come later: a body that hangs until it is destroyed. */
export function endlessBody(piece: Uint8Array): Body & { readonly destroyed: Promise<unknown> } {
  const destroyed = Promise.withResolvers<unknown>();
  const failed = Promise.withResolvers<void>();
  failed.promise.catch(() => undefined);
  return {
    destroyed: destroyed.promise,
    async pump(take) {
      await take(piece);
      await failed.promise;
    },
    destroy(reason) {
      destroyed.resolve(reason);
      failed.reject(reason);
    },
  };
}

const options = { requestId: "req-1" };
const noLimit = () => new Error("too large");
const head = { name: "ä" };

/** Declares the suite. `open` makes the pair, which logs into `log`. */
export function transferContract(name: string, open: (log: Log) => Promise<TransferPair>): void {
  describe(`${name} upload`, () => {
    const log = new KeptLog();
    let pair: TransferPair;
    before(async () => {
      pair = await open(log);
    });
    after(() => pair.close());

    for (const sizes of [[], [1], [65_536, 1, 70_000], Array.from({ length: 300 }, () => 10_000)]) {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      it(`brings head, ${total} bytes in ${sizes.length} pieces, tail and result across`, async () => {
        const contract = store(`whole-${total}`);
        const pieces = sizes.map((size, index) => Buffer.alloc(size, index));
        let sent = 0;
        pair.server.serveUpload(contract, async (received, context) => {
          assert.throws(received.tail, /only when the body has ended/);
          const bytes = await collectBody(received.body, 1e7, noLimit);
          assert.equal(context.signal.aborted, false);
          assert.deepEqual(bytes, Buffer.concat(pieces));
          return { etag: `${received.head.name} ${received.tail().sum} ${context.requestId}` };
        });
        const body = bodyOfPieces(pieces);
        const tail = () => ({ sum: String(sent) });
        const counted: Body = {
          pump: (take) =>
            body.pump((piece) => {
              sent += piece.byteLength;
              return take(piece);
            }),
          destroy: (reason) => body.destroy(reason),
        };
        const result = await pair.client.upload(contract, { head, body: counted, tail }, options);
        assert.deepEqual(result, { etag: `ä ${total} req-1` });
      });
    }

    it("is void when the body rejects, and throws the body's own error", async () => {
      const seen = Promise.withResolvers<unknown>();
      pair.server.serveUpload(store("rejects"), async (received, { signal }) => {
        await collectBody(received.body, 1e7, noLimit).catch((thrown: unknown) => {
          seen.resolve(thrown);
          throw thrown;
        });
        assert.fail(`committed with ${signal.aborted}`);
      });
      const failure = new Fault("input.bad-digest", "md5 differs");
      const body = bodyOfPieces(
        (function* () {
          yield Buffer.alloc(100_000);
          throw failure;
        })(),
      );
      const sending = { head, body, tail: () => ({ sum: "" }) };
      const error = await pair.client
        .upload(store("rejects"), sending, options)
        .catch((thrown: unknown) => thrown);
      assert.equal(error, failure);
      assert.ok((await seen.promise) instanceof Fault);
    });

    it("is void when the tail is not to be had", async () => {
      let isCommitted = false;
      const isOver = Promise.withResolvers<void>();
      pair.server.serveUpload(store("no-tail"), async ({ body }) => {
        await body.pump(() => undefined).finally(() => isOver.resolve());
        isCommitted = true;
        return { etag: "" };
      });
      const tail = () => {
        throw new Fault("input.bad-digest", "checksum differs");
      };
      const sending = { head, body: bodyOfBytes(Buffer.from("a")), tail };
      const asked = pair.client.upload(store("no-tail"), sending, options);
      await assert.rejects(asked, faultOf("input.bad-digest"));
      await isOver.promise;
      await turn();
      assert.equal(isCommitted, false);
    });

    it("throws the answerer's fault, early or late, and gives the body up", async () => {
      pair.server.serveUpload(store("refused"), async ({ head: { name: when }, body }) => {
        if (when === "late") await body.pump(() => undefined);
        if (when === "taking") {
          await body.pump(() => {
            throw new Fault("backend.unavailable", "taking", { details: { n: 1 } });
          });
        }
        throw new Fault("backend.unavailable", when, { details: { n: 1 } });
      });
      const sendingTo = (when: string, body: Body) => ({
        head: { name: when },
        body,
        tail: () => ({ sum: "" }),
      });
      for (const when of ["early", "taking", "late"]) {
        const body = when === "late" ? bodyOfBytes(Buffer.alloc(9)) : endlessBody(Buffer.alloc(9));
        const error = await pair.client
          .upload(store("refused"), sendingTo(when, body), options)
          .catch((thrown: unknown) => thrown);
        assert.ok(isFault(error, "backend.unavailable"), String(error));
        assert.equal(error.message, when);
        assert.deepEqual(error.details, { n: 1 });
        if ("destroyed" in body) await body.destroyed;
      }
    });

    it("lets an answerer that takes no more of the body go on to its answer", async () => {
      pair.server.serveUpload(store("early"), async (received, { signal }) => {
        const stop = new Error("enough");
        await received.body
          .pump(() => {
            received.body.destroy(stop);
            throw stop;
          })
          .catch(() => undefined);
        await turn();
        throw new Fault(signal.aborted ? "client.gone" : "backend.unavailable", "what it says");
      });
      const body = endlessBody(Buffer.alloc(9));
      const sending = { head, body, tail: () => ({ sum: "" }) };
      const asked = pair.client.upload(store("early"), sending, options);
      await assert.rejects(asked, faultOf("backend.unavailable"));
      await body.destroyed;
    });

    it("does not let a result through that was given before the body had ended", async () => {
      pair.server.serveUpload(store("hasty"), async () => ({ etag: "none" }));
      const body = endlessBody(Buffer.alloc(9));
      const sending = { head, body, tail: () => ({ sum: "" }) };
      const asked = pair.client.upload(store("hasty"), sending, options);
      await assert.rejects(asked, faultOf("internal.bug"));
      await body.destroyed;
    });

    it("refuses a head that does not fit, and hides an error that is no fault", async () => {
      pair.server.serveUpload(store("odd"), async () => {
        throw new Error("password is hunter2");
      });
      const sending = (headSent: { name: string }) => ({
        head: headSent,
        body: bodyOfBytes(Buffer.from("a")),
        tail: () => ({ sum: "" }),
      });
      const odd = { name: "a", more: 1 };
      const refused = pair.client.upload(store("odd"), sending(odd), options);
      await assert.rejects(refused, faultOf("input.invalid"));
      const error = await pair.client
        .upload(store("odd"), sending(head), options)
        .catch((thrown: unknown) => thrown);
      assert.ok(isFault(error, "internal.bug"));
      assert.equal(error.message, "internal error");
    });

    it("ends on both sides when the asker's signal is aborted", async () => {
      const isTaken = Promise.withResolvers<void>();
      const answererSaw = Promise.withResolvers<unknown>();
      pair.server.serveUpload(store("aborted"), async (received, { signal }) => {
        signal.addEventListener("abort", () => answererSaw.resolve(signal.reason));
        await received.body.pump(() => isTaken.resolve());
        return { etag: "" };
      });
      const abort = new AbortController();
      const body = endlessBody(Buffer.alloc(9));
      const sending = { head, body, tail: () => ({ sum: "" }) };
      const asked = pair.client.upload(store("aborted"), sending, {
        ...options,
        signal: abort.signal,
      });
      await isTaken.promise;
      const reason = new Fault("client.gone", "client went away");
      abort.abort(reason);
      assert.equal(await asked.catch((error: unknown) => error), reason);
      await answererSaw.promise;
      await body.destroyed;
      const late = pair.client.upload(store("aborted"), sending, {
        ...options,
        signal: abort.signal,
      });
      assert.equal(await late.catch((error: unknown) => error), reason);
    });

    it("says crypto.unavailable where nobody answers, and gives the body up", async () => {
      const body = endlessBody(Buffer.alloc(9));
      const sending = { head, body, tail: () => ({ sum: "" }) };
      const asked = pair.client.upload(store("nobody"), sending, options);
      await assert.rejects(asked, faultOf("crypto.unavailable"));
      await body.destroyed;
    });

    it("holds the source back while the answerer holds the body back", async () => {
      const mayTake = Promise.withResolvers<void>();
      const isTaken = Promise.withResolvers<void>();
      pair.server.serveUpload(store("held"), async ({ body }) => {
        let taken = 0;
        await body.pump((piece) => {
          taken += piece.byteLength;
          isTaken.resolve();
          return mayTake.promise;
        });
        return { etag: String(taken) };
      });
      let made = 0;
      const pieces = (function* () {
        for (; made < 512; made++) yield Buffer.alloc(65_536);
      })();
      const sending = { head, body: bodyOfPieces(pieces), tail: () => ({ sum: "" }) };
      const asked = pair.client.upload(store("held"), sending, options);
      await isTaken.promise;
      let before_ = -1;
      while (before_ !== made) {
        before_ = made;
        for (let i = 0; i < 50; i++) await turn();
      }
      assert.ok(made < 400, `${made} pieces were made`);
      mayTake.resolve();
      assert.deepEqual(await asked, { etag: String(512 * 65_536) });
    });
  });

  describe(`${name} download`, () => {
    const log = new KeptLog();
    let pair: TransferPair;
    before(async () => {
      pair = await open(log);
    });
    after(() => pair.close());

    for (const size of [0, 1, 65_536, 3_000_000]) {
      it(`brings head, result and ${size} bytes across`, async () => {
        const contract = fetching(`whole-${size}`);
        const bytes = Buffer.alloc(size, "abc");
        pair.server.serveDownload(contract, async ({ name: asked }, { requestId }) => {
          assert.equal(`${asked} ${requestId}`, "ä req-1");
          return { result: { size }, body: bodyOfBytes(bytes), sizeBytes: size };
        });
        const { result, body } = await pair.client.download(contract, head, options);
        assert.deepEqual(result, { size });
        assert.deepEqual(await collectBody(body, 1e7, noLimit), bytes);
      });
    }

    it("throws the answerer's fault", async () => {
      pair.server.serveDownload(fetching("missing"), async () => {
        throw new Fault("crypto.not-sealed", "object is plain");
      });
      const asked = pair.client.download(fetching("missing"), head, options);
      await assert.rejects(asked, faultOf("crypto.not-sealed"));
    });

    it("does not end before the owner's body has ended properly, even if all bytes are there", async () => {
      pair.server.serveDownload(fetching("late"), async () => {
        const pieces = (function* () {
          yield Buffer.alloc(100);
          yield Buffer.alloc(100);
          throw new Fault("crypto.integrity", "trailer differs");
        })();
        return { result: { size: 200 }, body: bodyOfPieces(pieces), sizeBytes: 200 };
      });
      const { body } = await pair.client.download(fetching("late"), head, options);
      let taken = 0;
      const pumped = body.pump((piece) => {
        taken += piece.byteLength;
      });
      await assert.rejects(pumped, (error) =>
        isFault(error, "transfer.broken", "crypto.integrity"),
      );
      assert.ok(taken < 200);
    });

    it("breaks the body off where the owner's fails, is too short or too long", async () => {
      pair.server.serveDownload(fetching("broken"), async ({ name: how }) => {
        const pieces = (function* () {
          yield Buffer.alloc(100_000);
          if (how === "fails") throw new Fault("crypto.integrity", "tag differs");
          if (how === "long") yield Buffer.alloc(100_001);
        })();
        return { result: { size: 0 }, body: bodyOfPieces(pieces), sizeBytes: 200_000 };
      });
      for (const how of ["fails", "short", "long"]) {
        const { body } = await pair.client.download(fetching("broken"), { name: how }, options);
        const pumped = collectBody(body, 1e7, noLimit);
        await assert.rejects(pumped, (error) =>
          isFault(error, "transfer.broken", "crypto.integrity"),
        );
      }
    });

    it("tells the answerer when the asker lets go, before or while it takes the body", async () => {
      const seen: Promise<unknown>[] = [];
      const bodies: ReturnType<typeof endlessBody>[] = [];
      pair.server.serveDownload(fetching("let-go"), async (_, { signal }) => {
        seen.push(new Promise((resolve) => signal.addEventListener("abort", resolve)));
        const body = endlessBody(Buffer.alloc(9));
        bodies.push(body);
        return { result: { size: 0 }, body, sizeBytes: 100 };
      });
      const unread = await pair.client.download(fetching("let-go"), head, options);
      unread.body.destroy();
      const half = await pair.client.download(fetching("let-go"), head, options);
      const failure = new Error("client went away");
      const pumped = half.body.pump(() => {
        throw failure;
      });
      assert.equal(await pumped.catch((error: unknown) => error), failure);
      await Promise.all(seen);
      await bodies[1]?.destroyed;
      assert.equal(seen.length, 2);
    });

    it("ends on both sides when the asker's signal is aborted", async () => {
      const answererSaw = Promise.withResolvers<unknown>();
      pair.server.serveDownload(fetching("aborted"), async (_, { signal }) => {
        signal.addEventListener("abort", () => answererSaw.resolve(signal.reason));
        return { result: { size: 0 }, body: endlessBody(Buffer.alloc(9)), sizeBytes: 100 };
      });
      const abort = new AbortController();
      const asking = { ...options, signal: abort.signal };
      const { body } = await pair.client.download(fetching("aborted"), head, asking);
      const isTaken = Promise.withResolvers<void>();
      const pumped = body.pump(() => isTaken.resolve()).catch((error: unknown) => error);
      await isTaken.promise;
      const reason = new Fault("client.gone", "client went away");
      abort.abort(reason);
      assert.equal(await pumped, reason);
      await answererSaw.promise;
    });

    it("says crypto.unavailable where nobody answers", async () => {
      const asked = pair.client.download(fetching("nobody"), head, options);
      await assert.rejects(asked, faultOf("crypto.unavailable"));
    });
  });
}

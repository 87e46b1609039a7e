import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/faults.ts";
import { bodyOfBytes, collectBody } from "../../src/http/body.ts";
import { LocalTransfers } from "../../src/http/local-transfer.ts";
import { tracedTransferClient, tracedTransferServer } from "../../src/http/traced-transfers.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { KeptSpans } from "../runtime/kept-spans.ts";
import { openClient, openWorker } from "./http-pair.ts";
import { fetching, store, transferContract } from "./transfer-contract.ts";

const options = { requestId: "req-1" };
const head = { name: "a" };
const request = { name: "S3", kind: "server", client: undefined } as const;
const noLimit = () => new Error("too large");

transferContract("traced transfers", async (log) => {
  const local = new LocalTransfers({ log });
  const tracing = new KeptSpans().tracing();
  return {
    client: tracedTransferClient(local, tracing),
    server: tracedTransferServer(local, tracing),
    close: async () => undefined,
  };
});

/** Edge and crypto, over HTTP. */
async function twoProcesses() {
  const { server, worker } = await openWorker(new KeptLog());
  const client = openClient([worker]);
  const kept = new KeptSpans();
  const [here, there] = [kept.tracing(), kept.tracing()];
  return {
    kept,
    here,
    there,
    client: tracedTransferClient(client, here),
    server: tracedTransferServer(server, there),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

describe("traced transfers", () => {
  it("make the owner's work a child of the asker's over HTTP, until the last byte", async () => {
    await using pair = await twoProcesses();
    const { kept, here, there, client, server } = pair;
    server.serveUpload(store("put"), async ({ body, tail }) => {
      await collectBody(body, 10, noLimit);
      there.part({ name: "within", kind: "internal" })?.end();
      return { etag: tail().sum };
    });
    server.serveDownload(fetching("get"), async () => {
      return { result: { size: 3 }, body: bodyOfBytes(Buffer.from("abc")), sizeBytes: 3 };
    });
    await here.request(request, async () => {
      const body = bodyOfBytes(Buffer.from("abc"));
      await client.upload(store("put"), { head, body, tail: () => ({ sum: "s" }) }, options);
      const got = await client.download(fetching("get"), head, options);
      assert.equal(kept.told.at(-2), "fetch get < S3: under way");
      await collectBody(got.body, 10, noLimit);
    });
    assert.deepEqual(kept.told.slice(1), [
      "send put < S3: ok",
      "take put < send put: ok",
      "within < take put: ok",
      "fetch get < S3: ok",
      "give get < fetch get: ok",
    ]);
  });

  it("end with the fault of a transfer that failed, or that nobody wants any more", async () => {
    await using pair = await twoProcesses();
    const { kept, here, client, server } = pair;
    server.serveDownload(fetching("refused"), async () => {
      throw new Fault("crypto.integrity", "no");
    });
    server.serveDownload(fetching("left"), async () => {
      return { result: { size: 3 }, body: bodyOfBytes(Buffer.from("abc")), sizeBytes: 3 };
    });
    await here.request(request, async () => {
      await assert.rejects(client.download(fetching("refused"), head, options));
      const { body } = await client.download(fetching("left"), head, options);
      body.destroy(new Fault("client.gone", "left"));
    });
    assert.deepEqual(kept.told.slice(1, 4), [
      "fetch refused < S3: crypto.integrity",
      "give refused < fetch refused: crypto.integrity",
      "fetch left < S3: client.gone",
    ]);
  });

  it("are as they were where the request is not traced", async () => {
    await using pair = await twoProcesses();
    const { kept, client, server } = pair;
    server.serveDownload(fetching("quiet"), async (_, context) => {
      assert.equal("traceparent" in context, false);
      return { result: { size: 0 }, body: bodyOfBytes(Buffer.alloc(0)), sizeBytes: 0 };
    });
    const { body } = await client.download(fetching("quiet"), head, options);
    await collectBody(body, 10, noLimit);
    assert.deepEqual(kept.told, []);
  });
});

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, afterEach, before, describe, it } from "node:test";
import type { PlannedFault } from "../../services/dev-store/src/fault-switch.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const OLD = plaintextOf(3 * C + 5, 1);
const NEW = plaintextOf(4 * C + 1, 2);
const K = pathOf(BUCKET, "k");

const RETRYABLE = ["ServiceUnavailable", "SlowDown"];

describe("a backend that fails", () => {
  let gateway: RunningGateway;
  /** How often what was planned has been done. */
  let done = 0;

  before(async () => {
    gateway = await runningGateway();
  });
  afterEach(() => gateway.store.faults.clear());
  after(() => gateway[Symbol.asyncDispose]());

  async function withOld(): Promise<void> {
    assert.equal((await gateway.client.send("PUT", K, { body: OLD })).status, 200);
  }

  /** Plans a fault for the backend's requests of one method, as often as they come. */
  function plan(method: string, fault: PlannedFault): void {
    done = 0;
    const match = (asked: string, bucket: string, key: string) => {
      const isMeant = asked === method && bucket === BUCKET && key !== "";
      if (isMeant) done += 1;
      return isMeant;
    };
    gateway.store.faults.next({ count: 100, match, ...fault });
  }

  /** Every object is as it was, however often it is asked for: no connection was left in a wrong state. */
  async function stillOld(what: string): Promise<void> {
    gateway.store.faults.clear();
    for (let time = 0; time < 4; time += 1) {
      const got = await gateway.client.send("GET", K);
      assert.ok(
        got.status === 200 && got.bytes.equals(OLD),
        `${what}, time ${time}: ${got.status}`,
      );
    }
    const { text } = await gateway.client.send("GET", `/${BUCKET}`);
    assert.deepEqual(text.match(/<Key>[^<]*<\/Key>/g), ["<Key>k</Key>"], what);
  }

  for (const fault of [
    { kind: "cut-request", afterBytes: 0 },
    { kind: "cut-request", afterBytes: 1 },
    { kind: "cut-request", afterBytes: C },
    { kind: "cut-request", afterBytes: 4 * C },
    { kind: "status-503" },
  ] as const) {
    it(`${describeFault(fault)} during PUT: a retryable error, and the old object`, async () => {
      await withOld();
      plan("PUT", fault);
      const put = await gateway.client.send("PUT", K, { body: NEW });
      assert.equal(put.status, 503, put.text);
      assert.ok(RETRYABLE.includes(put.code), put.code);
      await stillOld(fault.kind);
    });
  }

  it("cut-response after PUT: never a success that nobody confirmed", async () => {
    await withOld();
    plan("PUT", { kind: "cut-response" });
    const put = await gateway.client.send("PUT", K, { body: NEW });
    assert.deepEqual([put.status, put.code], [503, "ServiceUnavailable"], put.text);
    gateway.store.faults.clear();
    // The backend did store it; what the client was told is "maybe", and what it reads is whole.
    assert.ok((await gateway.client.send("GET", K)).bytes.equals(NEW));
  });

  for (const fault of [
    { kind: "cut-response" },
    { kind: "end-response" },
    { kind: "status-503" },
  ] as const) {
    for (const method of ["GET", "HEAD"]) {
      it(`${describeFault(fault)} at ${method}: a retryable error`, async () => {
        await withOld();
        plan(method, fault);
        const got = await gateway.client.send(method, K);
        assert.equal(got.status, 503, got.text);
        if (method === "GET") assert.ok(RETRYABLE.includes(got.code), got.code);
        await stillOld(fault.kind);
      });
    }
  }

  for (const kind of ["cut-response", "end-response", "truncate"] as const) {
    for (const afterBytes of [0, 1, C, C + 16, C + 17, 2 * C + 32, OLD.length, OLD.length + 191]) {
      it(`${kind} after ${afterBytes} bytes of a GET: never taken for whole`, async () => {
        await withOld();
        for (const from of [undefined, 0, 10]) {
          plan("GET", { kind, afterBytes });
          const headers = from === undefined ? {} : { range: `bytes=${from}-${OLD.length - 1}` };
          const got = await gateway.client.send("GET", K, { headers }).catch(() => undefined);
          gateway.store.faults.clear();
          if (got && got.status < 500) checkTruePrefix(got, OLD.subarray(from));
        }
        await stillOld(kind);
      });
    }
  }

  it("slow: late, but right", async () => {
    await withOld();
    gateway.store.faults.next({ kind: "slow", delayMs: 1, count: 3 });
    const got = await gateway.client.send("GET", K);
    assert.ok(got.bytes.equals(OLD));
    assert.equal((await gateway.client.send("PUT", K, { body: NEW })).status, 200);
    assert.ok((await gateway.client.send("GET", K)).bytes.equals(NEW));
  });

  it("hang: a client that gives up frees the gateway's request at once", async () => {
    await withOld();
    for (const method of ["GET", "PUT"]) {
      plan(method, { kind: "hang" });
      const earlier = gateway.finished().length;
      const gaveUp = new AbortController();
      const body = method === "PUT" ? { body: NEW } : {};
      const asked = gateway.client.send(method, K, { ...body, signal: gaveUp.signal });
      await until(() => done > 0, "the store was asked");
      gaveUp.abort();
      await assert.rejects(asked);
      await until(() => gateway.finished().length > earlier, "the request has ended");
      await stillOld(method);
    }
  });

  it("wrong-etag: the answer of a PUT is the backend's word, and reading is not fooled", async () => {
    await withOld();
    plan("GET", { kind: "wrong-etag" });
    const got = await gateway.client.send("GET", K);
    assert.ok(got.bytes.equals(OLD));
    await stillOld("wrong-etag");
  });

  it("at a copy: the target is not there, or is what it was", async () => {
    await withOld();
    for (const fault of [{ kind: "status-503" }, { kind: "cut-response" }] as const) {
      plan("HEAD", fault);
      const headers = { "x-amz-copy-source": K };
      const copy = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), { headers });
      assert.equal(copy.status, 503, copy.text);
      await stillOld(fault.kind);
    }
  });

  it("at a client's slow upload: the client learns of it", async () => {
    await withOld();
    plan("PUT", { kind: "cut-request", afterBytes: 10 });
    const stream = new PassThrough();
    const headers = { "content-length": String(NEW.length) };
    const sending = { stream, headers, payloadHash: "UNSIGNED-PAYLOAD" };
    const answer = gateway.client.open("PUT", K, sending);
    stream.write(NEW.subarray(0, C));
    const response = await answer;
    assert.equal(response.statusCode, 503);
    response.destroy();
    stream.destroy();
    await stillOld("slow upload");
  });
});

/** Part of what was asked for, and not to be mistaken for all of it. */
function checkTruePrefix({ bytes, isWhole }: Answer, expected: Buffer): void {
  assert.equal(isWhole, false);
  assert.ok(bytes.length < expected.length && bytes.equals(expected.subarray(0, bytes.length)));
}

function describeFault({ kind, afterBytes }: PlannedFault): string {
  return afterBytes === undefined ? kind : `${kind} after ${afterBytes} bytes`;
}

describe("a backend that is not there", () => {
  it("is ServiceUnavailable for everything", async () => {
    const gateway = await runningGateway();
    await using _ = gateway;
    await gateway.client.send("PUT", K, { body: OLD });
    await gateway.store[Symbol.asyncDispose]();
    for (const [method, path] of [
      ["GET", K],
      ["HEAD", K],
      ["PUT", K],
      ["DELETE", K],
      ["GET", `/${BUCKET}`],
      ["GET", "/"],
    ] as const) {
      const answer = await gateway.client.send(method, path, { body: method === "PUT" ? NEW : "" });
      assert.equal(answer.status, 503, `${method} ${path}`);
      if (method !== "HEAD") assert.equal(answer.code, "ServiceUnavailable");
      assert.doesNotMatch(
        answer.text,
        /127\.0\.0\.1:\d+|ECONNREFUSED/,
        "tells nothing of the backend",
      );
    }
  });
});

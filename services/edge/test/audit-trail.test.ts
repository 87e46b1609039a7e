import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type OperationDone, recordOperation } from "@s3eg/shared/contracts/audit.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { AuditDuty } from "../src/audit-trail.ts";
import { OPERATIONS } from "../src/inbox.ts";
import type { Operation } from "../src/operations/operation.ts";
import { formBytes } from "./form/form-bytes.ts";
import { runningEdge, type Sending } from "./running-edge.ts";

const BLOCKS = { require: "writes", overflow: "block" } as const;
const PUT = { method: "PUT", path: "/photos/cat", body: "meow" } as const;
const GET = { method: "GET", path: "/photos/cat" } as const;

/** An edge whose audit service keeps what it is asked to record, or refuses. */
async function recordingEdge(
  audit: AuditDuty,
  answer: () => Promise<void> = () => Promise.resolve(),
) {
  const edge = await runningEdge({ audit });
  const recorded: OperationDone[] = [];
  edge.bus.serve(recordOperation, async (fact) => {
    recorded.push(fact);
    await answer();
    return {};
  });
  return { edge, recorded, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("the audit trail of edge", () => {
  it("holds the event of a write before the write is answered; reads are announced", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using site = await recordingEdge(BLOCKS, () => {
      asked.resolve();
      return gate.promise;
    });
    let isAnswered = false;
    const sending = site.edge.send(PUT).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await asked.promise;
    await new Promise(setImmediate);
    assert.equal(isAnswered, false);
    gate.resolve();
    const { status, headers } = await sending;
    await site.edge.send(GET);
    assert.equal(status, 200);
    const [event] = site.recorded;
    assert.deepEqual(
      [event?.operation, event?.status, event?.success, event?.bytesIn],
      ["PutObject", 200, true, 4],
    );
    assert.equal(event?.requestId, headers["x-amz-request-id"]);
    assert.deepEqual(
      site.edge.done.map(({ operation }) => operation),
      ["GetObject"],
    );
  });

  it("where overflow is block, answers SlowDown to a write whose event cannot be written, and tells of that", async () => {
    for (const fault of [new Fault("limit.busy", "full"), new Fault("bus.unavailable", "cut")]) {
      await using site = await recordingEdge(BLOCKS, () => Promise.reject(fault));
      const { status, code } = await site.edge.send(PUT);
      assert.deepEqual([status, code], [503, "SlowDown"]);
      const [told] = site.edge.done;
      assert.deepEqual([told?.success, told?.error], [false, "SlowDown"]);
    }
  });

  it("where overflow is drop, answers, counts and logs", async () => {
    const audit = { require: "writes", overflow: "drop" } as const;
    await using site = await recordingEdge(audit, () =>
      Promise.reject(new Fault("bus.unavailable", "cut")),
    );
    assert.equal((await site.edge.send(PUT)).status, 200);
    assert.match(await site.edge.metrics.text(), /^dropped_audit_events_total 1$/m);
    assert.ok(site.edge.log.lines.some(({ message }) => message === "audit event dropped"));
  });

  it("where all is required, holds the event of a read too before a byte of it is answered", async () => {
    const full = new Fault("limit.busy", "full");
    const audit = { require: "all", overflow: "block" } as const;
    await using site = await recordingEdge(audit);
    await site.edge.send(PUT);
    assert.equal((await site.edge.send(GET)).text, "meow");
    const operations = site.recorded.map(({ operation }) => operation);
    assert.deepEqual([operations, site.edge.done], [["PutObject", "GetObject"], []]);
    await using closed = await recordingEdge(audit, () => Promise.reject(full));
    const { status, text } = await closed.edge.send({ method: "GET", path: "/" });
    assert.equal(status, 503);
    assert.match(text, /SlowDown/);
  });

  it("tells of every operation of the table, well or badly ended", async () => {
    await using site = await recordingEdge({ require: "none", overflow: "block" });
    for (const operation of OPERATIONS) {
      const { headers } = await site.edge.send(anySending(operation));
      const told = site.edge.done.at(-1);
      assert.equal(told?.operation, operation.name);
      assert.equal(told?.requestId, headers["x-amz-request-id"]);
    }
    assert.equal(site.edge.done.length, OPERATIONS.length);
  });

  it("announces a write that failed, and every write where none is required", async () => {
    await using site = await recordingEdge(BLOCKS);
    site.edge.crypto.fault = new Fault("backend.unavailable", "down");
    assert.equal((await site.edge.send(PUT)).status, 503);
    await using free = await recordingEdge({ require: "none", overflow: "block" });
    assert.equal((await free.edge.send(PUT)).status, 200);
    for (const { edge, recorded } of [site, free]) {
      assert.deepEqual(recorded, []);
      assert.deepEqual(
        edge.done.map(({ operation }) => operation),
        ["PutObject"],
      );
    }
  });
});

/** A request that means this operation, whatever comes of it. */
function anySending({ method, level, subresources = [], isCopy, readsForm }: Operation): Sending {
  const path = { service: "/", bucket: "/photos", object: "/photos/cat" }[level];
  const values: Record<string, string> = { "list-type": "2", "select-type": "2", partNumber: "1" };
  const query = subresources.map((name) => `${name}=${values[name] ?? "x"}`).join("&");
  const sending = { method, path: query === "" ? path : `${path}?${query}` };
  if (readsForm) {
    const body = formBytes({ fields: { key: "cat" }, file: { name: "cat", bytes: Buffer.of(1) } });
    return { ...sending, body, headers: { "content-type": "multipart/form-data; boundary=b0" } };
  }
  const hasBody = method === "PUT" || method === "POST";
  const headers = { ...(isCopy ? { "x-amz-copy-source": "/photos/cat" } : {}) };
  return { ...sending, headers, ...(hasBody ? { body: "" } : {}) };
}

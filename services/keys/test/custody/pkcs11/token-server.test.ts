import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type Duplex, duplexPair } from "node:stream";
import { describe, it } from "node:test";
import { Fault, fromWireFault } from "@s3eg/shared/faults.ts";
import { FrameReader, framed } from "../../../src/custody/pkcs11/frames.ts";
import { serveToken } from "../../../src/custody/pkcs11/token-server.ts";
import { MemoryToken } from "./memory-token.ts";

const key = Buffer.from(JSON.stringify({ mechanism: "AES-GCM", label: "kek" }));
const place = (pin = "1234") => Buffer.from(JSON.stringify({ tokenLabel: "memory", pin }));

/** Asks in turn, and gives the kind and the body of each answer. */
async function asking(stream: Duplex, ...questions: (Buffer | string)[][]) {
  const reader = new FrameReader();
  const answers: { kind: string; body: Buffer }[] = [];
  for (const fields of questions) {
    stream.write(framed(fields.map((field) => Buffer.from(field))));
    const before = answers.length;
    while (answers.length === before) {
      const [piece] = (await new Promise((resolve) => {
        stream.once("data", (...got) => resolve(got));
      })) as [Buffer];
      for (const [kind, body] of reader.push(piece)) {
        answers.push({ kind: String(kind), body: body ?? Buffer.alloc(0) });
      }
    }
  }
  return answers;
}

function serving() {
  const memory = new MemoryToken();
  memory.addSecret("kek");
  const [near, far] = duplexPair();
  const served = serveToken(far, (path) =>
    path === "m" ? Promise.resolve(memory) : Promise.reject(new Fault("config.invalid", "no")),
  );
  return { memory, near, served };
}

describe("serveToken", () => {
  it("answers from a token until the stream ends, and closes it then", async () => {
    const { memory, near, served } = serving();
    const [data, iv, binding] = [randomBytes(65), randomBytes(12), randomBytes(32)];
    const [, open, facts, sealed] = await asking(
      near,
      ["load", "m"],
      ["open", place()],
      ["describe", key],
      ["encrypt", key, data, iv, binding],
    );
    assert.equal(open?.kind, "ok");
    assert.equal(facts?.body.toString(), '{"isKept":true}');
    assert.equal(sealed?.body.byteLength, 81);
    const [opened] = await asking(near, ["decrypt", key, sealed?.body ?? "", iv, binding]);
    assert.deepEqual(opened?.body, data);
    near.end();
    await served;
    assert.equal(memory.calls.get("C_Finalize"), 2);
  });

  it("answers with the fault, and goes on", async () => {
    const { near, served } = serving();
    const answers = await asking(
      near,
      ["open", place()],
      ["load", "other"],
      ["load", "m"],
      ["describe", key],
      ["open", "{"],
      ["open", place("9")],
      ["open", place()],
      ["dance", key],
      ["describe", key],
    );
    const codes = answers.map(({ kind, body }) =>
      kind === "no" ? fromWireFault(JSON.parse(body.toString())).code : kind,
    );
    assert.deepEqual(codes, [
      ...["keys.unavailable", "config.invalid", "ok", "keys.unavailable", "internal.bug"],
      ...["keys.denied", "ok", "internal.bug", "ok"],
    ]);
    near.end();
    await served;
  });
});

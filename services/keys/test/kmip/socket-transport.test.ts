import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  bytes,
  bytesOf,
  childrenOf,
  enumeration,
  integer,
  type KmipItem,
  structure,
} from "../../src/kmip/item.ts";
import { cipherQuestion, type KmipQuestion } from "../../src/kmip/messages.ts";
import { SocketTransport } from "../../src/kmip/socket-transport.ts";
import { decodeTtlv, encodeTtlv } from "../../src/kmip/ttlv.ts";
import { is } from "../issued-header.ts";
import { payload, recordedQuestions } from "./questions.ts";
import { recording } from "./recordings.ts";
import { type Answering, makeIdentity, TlsDouble } from "./tls-server.ts";

const never = new AbortController().signal;

function question(keyId: string, name: string): KmipQuestion {
  const found = recordedQuestions(keyId)[name];
  assert.ok(found);
  return found;
}

/** Answers by the book, with what was sent to be encrypted; `versions` are those it speaks. */
function echoing(...versions: readonly (readonly [number, number])[]): Answering {
  return (message, socket) => {
    const request = decodeTtlv(Buffer.from(message));
    const item = childrenOf(childrenOf([request], "RequestMessage"), "BatchItem");
    const asked = childrenOf(item, "RequestPayload");
    const data = bytesOf(asked, "Data");
    const spoken = versions.map(([major, minor]) =>
      structure("ProtocolVersion", [
        integer("ProtocolVersionMajor", major),
        integer("ProtocolVersionMinor", minor),
      ]),
    );
    const given: KmipItem[] = data ? [bytes("Data", data)] : spoken;
    const answer = structure("ResponseMessage", [
      structure("BatchItem", [
        enumeration("Operation", data ? "Encrypt" : "DiscoverVersions"),
        enumeration("ResultStatus", "Success"),
        structure("ResponsePayload", given),
      ]),
    ]);
    socket.write(encodeTtlv(answer));
  };
}

const numbered = (n: number) =>
  cipherQuestion(
    "Encrypt",
    { keyId: "k", mode: "GCM" },
    { input: Buffer.of(n), iv: Buffer.alloc(12) },
  );

describe("SocketTransport", () => {
  const identity = makeIdentity();
  after(() => identity.remove());

  async function opened(answering: Answering) {
    const server = await TlsDouble.start(identity, answering);
    const where = { host: "127.0.0.1", port: server.port, tls: identity.tls };
    const transport = new SocketTransport(where);
    const dispose = async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    };
    return { server, transport, [Symbol.asyncDispose]: dispose };
  }

  for (const name of ["cosmian-binary", "pykmip"] as const) {
    it(`asks and is answered as by ${recording(name).server}`, async () => {
      const { exchanges, keyId } = recording(name);
      await using made = await opened((message, socket) => {
        const asked = message.toString("hex");
        const found = exchanges.find(({ request }) => request === asked);
        if (found) socket.write(Buffer.from(found.answer, "hex"));
        else socket.destroy();
      });
      const decrypted = await made.transport.ask(question(keyId, "decrypt"), never);
      assert.ok("payload" in decrypted);
      assert.deepEqual(bytesOf(decrypted.payload, "Data"), payload);
      const refused = await made.transport.ask(question(keyId, "unknown key"), never);
      assert.equal("reason" in refused && refused.reason, 1);
      assert.equal(made.server.connections, 1);
    });
  }

  it("keeps answers apart, and opens no more connections than it may", async () => {
    await using made = await opened(echoing([1, 4]));
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => made.transport.ask(numbered(n), never)),
    );
    for (const [n, answer] of answers.entries()) {
      assert.ok("payload" in answer);
      assert.deepEqual(bytesOf(answer.payload, "Data"), Buffer.of(n));
    }
    assert.ok(made.server.connections <= 16, String(made.server.connections));
  });

  it("connects again where the server hung up meanwhile", async () => {
    await using made = await opened(echoing([2, 1]));
    await made.transport.ask(numbered(1), never);
    made.server.hangUp();
    const again = async () => await made.transport.ask(numbered(2), never).catch(() => undefined);
    assert.ok((await again()) ?? (await again()));
  });

  it("refuses a server that speaks no version with associated data", async () => {
    for (const versions of [
      [],
      [
        [1, 2],
        [1, 3],
      ],
      [[3, 0]],
    ] as [number, number][][]) {
      await using made = await opened(echoing(...versions));
      await assert.rejects(made.transport.ask(numbered(1), never), is("keys.denied"));
    }
  });

  it("gives up its turn when the time is up, and takes the next connection's place", async () => {
    let isSlow = true;
    const quick = echoing([1, 4]);
    const held: (() => void)[] = [];
    await using made = await opened((message, socket) => {
      if (isSlow) held.push(() => quick(message, socket));
      else quick(message, socket);
    });
    const limit = new AbortController();
    const busy = Array.from({ length: 16 }, (_, n) => made.transport.ask(numbered(n), never));
    const late = made.transport.ask(numbered(99), limit.signal);
    const patient = made.transport.ask(numbered(77), never);
    setImmediate(() => limit.abort());
    await assert.rejects(late, is("keys.unavailable"));
    isSlow = false;
    const timer = setInterval(() => {
      for (const answer of held.splice(0)) answer();
    }, 5);
    await Promise.all(busy);
    assert.ok("payload" in (await patient));
    clearInterval(timer);
  });
});

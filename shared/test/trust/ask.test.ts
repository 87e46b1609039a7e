import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { unwrapDataKey } from "../../src/contracts/keys.ts";
import { Fault, type FaultCode, isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { KEM } from "../../src/sealing/hpke.ts";
import { AnswerGuard } from "../../src/trust/answerer.ts";
import { askGuarded } from "../../src/trust/ask.ts";
import { AskerSession } from "../../src/trust/asker.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { RemoteBus } from "./remote-bus.ts";

const secret = new Secret(Buffer.alloc(32, 1));
const session = new AskerSession({ secret, kem: KEM.x25519 });
const asking = {
  question: unwrapDataKey,
  input: { place: { bucket: "b", key: "k" }, header: "h" },
  requestId: "r",
};
const dataKey = Buffer.alloc(32, 7);
/** Every asker and answerer wipes its own. */
const plainly = () => ({ dataKey: Buffer.from(dataKey) });

function isIntegrity(error: unknown): boolean {
  return isFault(error, "crypto.integrity");
}

/** A remote bus on which keys answers as it should. */
function servedBus(): RemoteBus {
  const bus = new RemoteBus();
  const guard = new AnswerGuard({ secret });
  bus.serve(unwrapDataKey, async (input, { requestId }) => ({
    sealed: guard.check(unwrapDataKey, input, requestId)(plainly()),
  }));
  return bus;
}

describe("askGuarded", () => {
  it("asks a role of this process in the clear", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    bus.serve(unwrapDataKey, async ({ asker }, { isLocal }) => {
      assert.equal(asker, undefined);
      assert.equal(isLocal, true);
      return { plain: plainly() };
    });
    assert.deepEqual(await askGuarded(bus, undefined, asking), plainly());
    assert.deepEqual(await askGuarded(bus, session, asking), plainly());
  });

  it("asks another process with a proof, and opens what is sealed to it", async () => {
    const bus = servedBus();
    let crossed = "";
    bus.onAnswer = (answer) => {
      crossed = JSON.stringify(answer);
      return answer;
    };
    assert.deepEqual(await askGuarded(bus, session, asking), plainly());
    assert.ok(crossed.includes("ciphertext") && !crossed.includes(dataKey.toString("base64")));
  });

  it("asks no other process without a secret", async () => {
    await assert.rejects(askGuarded(servedBus(), undefined, asking), (error) =>
      isFault(error, "keys.refused"),
    );
  });

  it("refuses an answer in the clear from another process", async () => {
    const bus = servedBus();
    bus.onAnswer = () => ({ plain: plainly() });
    await assert.rejects(askGuarded(bus, session, asking), isIntegrity);
  });

  it("refuses the answer to another question", async () => {
    const bus = servedBus();
    const seen: unknown[] = [];
    bus.onAnswer = (answer) => {
      seen.push(answer);
      return seen[0];
    };
    await askGuarded(bus, session, asking);
    await assert.rejects(askGuarded(bus, session, asking), isIntegrity);
  });

  it("believes a refusal from another process only if it says no more than that it does not work", async () => {
    const refusedWith = async (code: FaultCode, expected: FaultCode) => {
      const bus = servedBus();
      bus.onAnswer = () => {
        throw new Fault(code, "made up", { details: { status: 404, s3Code: "NoSuchKey" } });
      };
      await assert.rejects(askGuarded(bus, session, asking), (error) => isFault(error, expected));
    };
    for (const code of ["keys.unavailable", "keys.unknown-key", "bus.timeout"] as const) {
      await refusedWith(code, code);
    }
    for (const code of [
      "backend.refused",
      "auth.denied",
      "input.invalid",
      "crypto.not-sealed",
    ] as const) {
      await refusedWith(code, "internal.bug");
    }
  });

  it("raises an answer that opens but is none as a bug of ours", async () => {
    const bus = new RemoteBus();
    const guard = new AnswerGuard({ secret });
    bus.serve(unwrapDataKey, async (input, { requestId }) => ({
      sealed: guard.check(unwrapDataKey, input, requestId)({ dataKey: 7 }),
    }));
    await assert.rejects(askGuarded(bus, session, asking), (error) =>
      isFault(error, "internal.bug"),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf, enumeration, type KmipItem, structure, text } from "../../src/kmip/item.ts";
import {
  answerOf,
  discoveredVersions,
  discoverQuestion,
  requestMessage,
  serverWords,
} from "../../src/kmip/messages.ts";
import { decodeTtlv, encodeTtlv } from "../../src/kmip/ttlv.ts";
import { decodeTtlvJson, encodeTtlvJson } from "../../src/kmip/ttlv-json.ts";
import { is } from "../issued-header.ts";
import { payload, recordedQuestions, wrapped } from "./questions.ts";
import { recording } from "./recordings.ts";

const OFFERED = [
  { major: 2, minor: 1 },
  { major: 2, minor: 0 },
  { major: 1, minor: 4 },
];
/** Reasons by the name of the exchange. */
const COSMIAN = {
  "other binding": 0x0a,
  "other tag": 0x0a,
  "unknown key": 0x01,
  "not active": 0x0c,
  "other key wrap": 0x0a,
};
const PYKMIP = {
  "other binding": 0x100,
  "other tag": 0x100,
  "unknown key": 0x01,
  "not active": 0x0c,
  "key wrap": 0x07,
  "other key wrap": 0x07,
};
const SERVERS = [
  ["cosmian-json", COSMIAN],
  ["cosmian-binary", COSMIAN],
  ["pykmip", PYKMIP],
] as const;

const RESULTS: Readonly<Record<string, Buffer>> = {
  encrypt: wrapped.subarray(12, -16),
  decrypt: payload,
  "key wrap": Buffer.alloc(32, 0x42),
};

/** What is sent, and the answer that was recorded, in the server's own form. */
function exchanged(
  name: (typeof SERVERS)[number][0],
  request: KmipItem,
  { answer }: { readonly answer: string },
): { asked: string; message: KmipItem } {
  if (name === "cosmian-json") {
    const asked = encodeTtlvJson(request).toString();
    return { asked, message: decodeTtlvJson(Buffer.from(answer)) };
  }
  const asked = encodeTtlv(request).toString("hex");
  return { asked, message: decodeTtlv(Buffer.from(answer, "hex")) };
}

describe("messages", () => {
  for (const [name, reasons] of SERVERS) {
    const { server, keyId, version, exchanges } = recording(name);
    const questions = recordedQuestions(keyId, name === "pykmip" ? "2" : "idle");
    for (const exchange of exchanges.filter((each) => each.name !== "versions")) {
      it(`are asked and answered as by ${server}: ${exchange.name}`, () => {
        const question = questions[exchange.name];
        assert.ok(question);
        const { asked, message } = exchanged(name, requestMessage(version, question), exchange);
        assert.equal(asked, exchange.request);
        const answer = answerOf(message, question.operation);
        const expected = Object.entries(reasons).find(([each]) => each === exchange.name)?.[1];
        assert.equal("reason" in answer ? answer.reason : undefined, expected);
        const data = "payload" in answer ? bytesOf(answer.payload, "Data") : undefined;
        assert.deepEqual(data && Buffer.from(data), data && RESULTS[exchange.name]);
      });
    }
  }

  it("find out which versions a server speaks", () => {
    for (const [name, versions] of [
      ["cosmian-binary", OFFERED],
      ["pykmip", OFFERED.slice(1)],
    ] as const) {
      const exchange = recording(name).exchanges.find((each) => each.name === "versions");
      const question = discoverQuestion(OFFERED);
      const asked = encodeTtlv(requestMessage({ major: 1, minor: 1 }, question));
      assert.equal(asked.toString("hex"), exchange?.request);
      const message = decodeTtlv(Buffer.from(exchange?.answer ?? "", "hex"));
      const answer = answerOf(message, "DiscoverVersions");
      assert.deepEqual("payload" in answer && discoveredVersions(answer.payload), versions);
    }
    assert.deepEqual(discoveredVersions([structure("ProtocolVersion", [])]), []);
  });

  it("carry no hex of what was sent into a log", () => {
    const hex = payload.toString("hex");
    const failed = enumeration("ResultStatus", "OperationFailed");
    const message = text("ResultMessage", `bad value ${hex} for key 027cced1-ff2b`);
    const answer = answerOf(
      structure("ResponseMessage", [structure("BatchItem", [failed, message])]),
      "Encrypt",
    );
    assert.deepEqual(answer, { reason: 0, said: "0: bad value … for key 027cced1-ff2b" });
    assert.equal(serverWords("x y ".repeat(1000)).length, 300);
  });

  it("are not taken for the answer to something else, or to two things", () => {
    const ok = enumeration("ResultStatus", "Success");
    const item = structure("BatchItem", [enumeration("Operation", "Encrypt"), ok]);
    const message = (...items: (typeof item)[]) => structure("ResponseMessage", items);
    assert.deepEqual(answerOf(message(item), "Encrypt"), { payload: [] });
    for (const wrong of [
      message(),
      message(item, item),
      message(structure("BatchItem", [ok])),
      message(structure("BatchItem", [enumeration("Operation", "Encrypt")])),
      structure("RequestMessage", [item]),
      text("ResultMessage", "hello"),
    ]) {
      assert.throws(() => answerOf(wrong, "Encrypt"), is("keys.unavailable"));
    }
    assert.throws(() => answerOf(message(item), "Decrypt"), is("keys.unavailable"));
  });
});

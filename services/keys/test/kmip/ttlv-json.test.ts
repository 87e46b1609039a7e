import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  bytes,
  bytesOf,
  enumeration,
  integer,
  type KmipItem,
  structure,
  text,
} from "../../src/kmip/item.ts";
import { TAG } from "../../src/kmip/tags.ts";
import { decodeTtlvJson, encodeTtlvJson } from "../../src/kmip/ttlv-json.ts";
import { is } from "../issued-header.ts";
import { recording } from "./recordings.ts";

const decoded = (json: string) => decodeTtlvJson(Buffer.from(json));

describe("TTLV as JSON", () => {
  it("writes tag, type and value in this order, and reads it again", () => {
    const item = structure("RequestPayload", [
      text("UniqueIdentifier", 'k"1'),
      enumeration("BlockCipherMode", "GCM"),
      integer("TagLength", 16),
      bytes("Data", Buffer.from([0x40, 0xab])),
    ]);
    const json = encodeTtlvJson(item).toString();
    assert.equal(
      json,
      '{"tag":"RequestPayload","type":"Structure","value":[' +
        '{"tag":"UniqueIdentifier","type":"TextString","value":"k\\"1"},' +
        '{"tag":"BlockCipherMode","type":"Enumeration","value":"GCM"},' +
        '{"tag":"TagLength","type":"Integer","value":16},' +
        '{"tag":"Data","type":"ByteString","value":"40AB"}]}',
    );
    assert.deepEqual(decoded(json), item);
  });

  it("writes every type", () => {
    const tag = TAG.Data;
    const values: [KmipItem, unknown][] = [
      [{ tag, type: "LongInteger", value: -1n }, "0xFFFFFFFFFFFFFFFF"],
      [{ tag, type: "DateTime", value: 1n }, "0x0000000000000001"],
      [{ tag, type: "BigInteger", value: Buffer.alloc(8, 1) }, "0x0101010101010101"],
      [{ tag, type: "Boolean", value: true }, true],
      [{ tag, type: "Interval", value: 7 }, 7],
      [{ tag, type: "Enumeration", value: 0x7f }, "0x0000007F"],
    ];
    for (const [item, value] of values) {
      const written: unknown = JSON.parse(encodeTtlvJson(item).toString());
      assert.deepEqual(written, { tag: "Data", type: item.type, value });
    }
  });

  it("reads structures without a type, and numbers of enumerations", () => {
    const status = decoded('{"tag":"ResultStatus","type":"Enumeration","value":"0x00000001"}');
    assert.deepEqual(status, enumeration("ResultStatus", "OperationFailed"));
    assert.deepEqual(
      decoded('{"tag":"ResponsePayload","value":[]}'),
      structure("ResponsePayload", []),
    );
  });

  it("leaves out what it does not know", () => {
    const unknown = '{"tag":"Foo","type":"Integer","value":1}';
    const time = '{"tag":"TimeStamp","type":"DateTime","value":"2026-01-01T00:00:00Z"}';
    const reason = '{"tag":"ResultReason","type":"Enumeration","value":"Some_Reason"}';
    const item = decoded(`{"tag":"ResponsePayload","value":[${unknown},${time},${reason}]}`);
    assert.deepEqual(item, structure("ResponsePayload", []));
  });

  it("wipes the answer of its byte strings", () => {
    const secret = Buffer.alloc(32, 0x5a);
    const answer = encodeTtlvJson(structure("ResponsePayload", [bytes("Data", secret)]));
    const item = decodeTtlvJson(answer);
    assert.ok(!answer.toString().includes(secret.toString("hex").toUpperCase()));
    assert.deepEqual(item.type === "Structure" && bytesOf(item.value, "Data"), secret);
  });

  for (const json of [
    "",
    "<html>",
    "[]",
    "null",
    '{"type":"Integer","value":1}',
    '{"tag":"Data","type":"ByteString","value":"4"}',
    '{"tag":"Data","type":"ByteString","value":7}',
    '{"tag":"BatchCount","type":"Integer","value":1.5}',
    '{"tag":"BatchCount","type":"Integer","value":"1"}',
    '{"tag":"UniqueIdentifier","type":"TextString","value":1}',
    '{"tag":"ResponsePayload","value":{}}',
    '{"tag":"Foo","type":"Integer","value":1}',
  ]) {
    it(`refuses ${json === "" ? "nothing" : json}`, () => {
      assert.throws(() => decoded(json), is("keys.unavailable"));
    });
  }

  it("refuses what is nested too deep", () => {
    const nested = (depth: number) =>
      '{"tag":"BatchItem","value":['.repeat(depth) + "]}".repeat(depth);
    assert.equal(decoded(nested(32)).type, "Structure");
    assert.throws(() => decoded(nested(33)), is("keys.unavailable"));
    assert.throws(() => decoded(nested(2000)), is("keys.unavailable"));
  });

  it("gives an item or a fault for whatever comes", () => {
    const real = recording("cosmian-json").exchanges.map(({ answer }) => Buffer.from(answer));
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.nat(255), (answer, at, byte) => {
        const copy = Buffer.from(answer);
        copy[at % copy.length] = byte;
        try {
          decodeTtlvJson(copy);
        } catch (error) {
          if (!is("keys.unavailable")(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

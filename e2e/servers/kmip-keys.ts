/** AES-256 keys on a KMIP server, made as an operator would make them; the gateway itself makes none. Writes KMIP by itself (1.4 §9.1). */
import { connect } from "node:tls";
import type { TestPki } from "./test-pki.ts";

/** Where the server is, and the operator's certificate. */
export interface KmipAddress {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const TAG = {
  attribute: 0x420008,
  attributeName: 0x42000a,
  attributeValue: 0x42000b,
  batchCount: 0x42000d,
  batchItem: 0x42000f,
  objectType: 0x420057,
  operation: 0x42005c,
  protocolVersion: 0x420069,
  major: 0x42006a,
  minor: 0x42006b,
  requestHeader: 0x420077,
  requestMessage: 0x420078,
  requestPayload: 0x420079,
  resultMessage: 0x42007d,
  resultStatus: 0x42007f,
  revocationReason: 0x420081,
  revocationReasonCode: 0x420082,
  templateAttribute: 0x420091,
  uniqueIdentifier: 0x420094,
};
const OPERATION = { create: 0x01, rekey: 0x04, activate: 0x12, revoke: 0x13, destroy: 0x14 };
const SYMMETRIC_KEY = 2;
const AES = 3;
const ENCRYPT_AND_DECRYPT = 12;
const SUPERSEDED = 6;
const TYPE = { structure: 1, integer: 2, enumeration: 5, text: 7 };

/** Settings of the gateway for keys at an endpoint, with the client certificate of `pki`; the provider is still to name. */
export function kmipSettings(endpoint: string, keys: string, pki: TestPki): Record<string, string> {
  return {
    COSMIAN_KMS_ENDPOINT: endpoint,
    COSMIAN_KMS_KEYS: keys,
    COSMIAN_KMS_CA_CERT: pki.ca,
    COSMIAN_KMS_CLIENT_CERT: pki.client.cert,
    COSMIAN_KMS_CLIENT_KEY: pki.client.key,
  };
}

/** An operator at a KMIP server on loopback, with a connection for each operation. */
export class KmipOperator {
  readonly #address: KmipAddress;

  constructor(address: KmipAddress) {
    this.#address = address;
  }

  /** Makes a key that may be used, and returns its unique identifier. */
  async makeKey(): Promise<string> {
    const made = await this.#ask(OPERATION.create, [
      choice(TAG.objectType, SYMMETRIC_KEY),
      list(TAG.templateAttribute, [
        attribute("Cryptographic Algorithm", choice(TAG.attributeValue, AES)),
        attribute("Cryptographic Length", number(TAG.attributeValue, 256)),
        attribute("Cryptographic Usage Mask", number(TAG.attributeValue, ENCRYPT_AND_DECRYPT)),
      ]),
    ]);
    await this.#ask(OPERATION.activate, [text(TAG.uniqueIdentifier, made)]);
    return made;
  }

  /** Lets the server make a newer key of it; returns that one's identifier. */
  async rekey(keyId: string): Promise<string> {
    return await this.#ask(OPERATION.rekey, [text(TAG.uniqueIdentifier, keyId)]);
  }

  /** Takes a key out of use: nothing is encrypted with it from then on. */
  async revoke(keyId: string): Promise<void> {
    const reason = list(TAG.revocationReason, [choice(TAG.revocationReasonCode, SUPERSEDED)]);
    await this.#ask(OPERATION.revoke, [text(TAG.uniqueIdentifier, keyId), reason]);
  }

  /** Removes a revoked key for good. */
  async destroy(keyId: string): Promise<void> {
    await this.#ask(OPERATION.destroy, [text(TAG.uniqueIdentifier, keyId)]);
  }

  async #ask(operation: number, payload: Buffer[]): Promise<string> {
    const version = list(TAG.protocolVersion, [number(TAG.major, 1), number(TAG.minor, 4)]);
    const request = list(TAG.requestMessage, [
      list(TAG.requestHeader, [version, number(TAG.batchCount, 1)]),
      list(TAG.batchItem, [choice(TAG.operation, operation), list(TAG.requestPayload, payload)]),
    ]);
    const answer = await exchanged(this.#address, request);
    if (found(answer, TAG.resultStatus)?.readUInt32BE(0) === 0) {
      return found(answer, TAG.uniqueIdentifier)?.toString() ?? "";
    }
    const said = found(answer, TAG.resultMessage)?.toString();
    throw new Error(`KMIP operation ${operation}: ${said}`);
  }
}

async function exchanged({ port, ...tls }: KmipAddress, request: Buffer): Promise<Buffer> {
  const socket = connect({ host: "127.0.0.1", port, ...tls, timeout: 10_000 });
  try {
    return await new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.once("error", reject).once("timeout", () => reject(new Error("no answer")));
      socket.once("close", () => reject(new Error("connection was closed")));
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= 8 && received.length >= 8 + received.readUInt32BE(4)) {
          resolve(received.subarray(8));
        }
      });
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}

function item(tag: number, type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUIntBE(tag, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt32BE(value.length, 4);
  return Buffer.concat([head, value, Buffer.alloc((8 - (value.length % 8)) % 8)]);
}

function list(tag: number, children: readonly Buffer[]): Buffer {
  return item(tag, TYPE.structure, Buffer.concat(children));
}

function number(tag: number, value: number, type = TYPE.integer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return item(tag, type, bytes);
}

function choice(tag: number, value: number): Buffer {
  return number(tag, value, TYPE.enumeration);
}

function text(tag: number, value: string): Buffer {
  return item(tag, TYPE.text, Buffer.from(value));
}

function attribute(name: string, value: Buffer): Buffer {
  return list(TAG.attribute, [text(TAG.attributeName, name), value]);
}

/** The value of the first item with that tag, wherever it is. */
function found(items: Buffer, tag: number): Buffer | undefined {
  for (let at = 0; at + 8 <= items.length; ) {
    const length = items.readUInt32BE(at + 4);
    const value = items.subarray(at + 8, at + 8 + length);
    if (items.readUIntBE(at, 3) === tag) return value;
    const inside = items.readUInt8(at + 3) === TYPE.structure ? found(value, tag) : undefined;
    if (inside) return inside;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

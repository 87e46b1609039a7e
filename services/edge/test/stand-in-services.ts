/** crypto and keys as edge sees them, without encryption: headers are real in form, sizes real in arithmetic, bytes lie in the clear. */

import { hash } from "node:crypto";
import type { Backend, BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { describeObjects, openObject, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { type Place, reissueHeader } from "@s3eg/shared/contracts/keys.ts";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import { decodeHeader, encodeHeader, type ObjectHeaderFields } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD, PROVIDERS, SUITE } from "@s3eg/shared/format/layout.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { type Body, bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import type { z } from "zod";
import type { MemoryBackend } from "./memory-backend.ts";

const KEY = new Uint8Array(32);

/** A header of an object of `size` bytes at `place`. */
export function headerFor(size: number, place: Place): string {
  return headerOf({
    suite: SUITE.aes256Gcm,
    flags: 0,
    objectId: KEY,
    commitment: KEY,
    plaintextSize: size,
    createdAtMs: 0,
    provider: "aes",
    keyId: "k",
    keyVersion: 1,
    wrappedKey: Buffer.from(`${place.bucket}/${place.key}`),
  });
}

/** The place a header was made for. */
export function placeIn(header: string | undefined): string {
  return Buffer.from(decodeHeader(header ?? "").wrappedKey).toString();
}

/** Bytes as they would be stored: the plaintext and what sealing adds. */
export function storedBytes(plaintext: Uint8Array): Buffer {
  return Buffer.concat([plaintext], storedSizeOf(plaintext.byteLength));
}

/** What the stand-ins were asked, and what they are told to do. */
export interface Crypto {
  readonly seals: z.infer<typeof sealObject.head>[];
  readonly opens: z.infer<typeof openObject.head>[];
  readonly tails: z.infer<typeof sealObject.tail>[];
  /** Thrown before anything is done. */
  fault?: Fault;
  /** What is opened is not sealed. */
  plain?: boolean;
  /** Put in the place of an object's plaintext. */
  openedBody?: (plaintext: Buffer) => Body;
}

/** Answers crypto's transfers. */
export function serveCrypto(transfers: TransferServer, backend: Backend): Crypto {
  const crypto: Crypto = { seals: [], opens: [], tails: [] };
  transfers.serveUpload(sealObject, async ({ head, body, tail }, { requestId, signal }) => {
    crypto.seals.push(head);
    if (crypto.fault) throw crypto.fault;
    const plaintext = await collectBody(body, 1e9, () => new Error("too large"));
    crypto.tails.push(tail());
    const response = await backend.send({
      method: "PUT",
      bucket: head.target.bucket,
      key: head.target.key,
      identity: head.target.identity,
      headers: { ...head.headers, [HEADER_FIELD]: headerFor(head.size, head.place) },
      body: storedBytes(plaintext),
      requestId,
      signal,
    });
    if (response.status !== 200) throw await backendFault(response);
    return { etag: response.headers.etag ?? "", headers: response.headers };
  });
  transfers.serveDownload(openObject, async (head, { requestId, signal }) => {
    crypto.opens.push(head);
    if (crypto.fault) throw crypto.fault;
    if ((head.part ?? 1) > 1) throw noSuchPart();
    const { bucket, key } = head.target;
    const { headers, query } = head;
    const asking = { method: "GET", bucket, key, headers, query, requestId, signal } as const;
    const response = await backend.send(asking);
    if (response.status !== 200) throw await backendFault(response);
    if (crypto.plain) return await openedPlain(response);
    const { plaintextSize: size = 0 } = decodeHeader(response.headers[HEADER_FIELD] ?? "");
    if (placeIn(response.headers[HEADER_FIELD]) !== `${head.place.bucket}/${head.place.key}`) {
      throw new Fault("crypto.integrity", "header belongs to another place");
    }
    const stored = await collectBody(response.body, 1e9, () => new Error("too large"));
    const range = head.range ? resolveRange(head.range, size) : { offset: 0, length: size };
    const plaintext = stored.subarray(range.offset, range.offset + range.length);
    return {
      result: { size, isSealed: true, range, headers: withoutHeader(response.headers) },
      body: crypto.openedBody?.(plaintext) ?? bodyOfBytes(plaintext),
      sizeBytes: range.length,
    };
  });
  return crypto;
}

function noSuchPart(): Fault {
  const details = { status: 416, s3Code: "InvalidPartNumber", s3Message: "no such part" };
  return new Fault("backend.refused", "no such part", { details });
}

async function openedPlain({ headers, body }: BackendResponse) {
  const bytes = await collectBody(body, 1e9, () => new Error("too large"));
  const size = bytes.byteLength;
  const result = { size, isSealed: false, range: { offset: 0, length: size }, headers };
  return { result, body: bodyOfBytes(bytes), sizeBytes: size };
}

/** Answers the question what objects are, of their plaintext. */
export function serveDescriptions(bus: Bus, { objects }: MemoryBackend): void {
  bus.serve(describeObjects, async ({ bucket, objects: asked }) => {
    await Promise.resolve();
    const described = asked.map(({ key, etag }) => {
      const found = objects.get(`${bucket}/${key}`);
      if (found?.etag !== etag) return { fault: toWireFault(new Fault("backend.changed", key)) };
      const header = found.headers[HEADER_FIELD];
      const size =
        header === undefined ? found.bytes.byteLength : decodeHeader(header).plaintextSize;
      const plaintext = found.bytes.subarray(0, size);
      const md5 = hash("md5", plaintext);
      return {
        facts: { size: plaintext.byteLength, isSealed: header !== undefined, etag: md5 },
      };
    });
    return { plain: { described } };
  });
}

/** Answers keys' question about headers. */
export function serveKeys(bus: Bus): void {
  bus.serve(reissueHeader, async ({ header, from, to, keyWish }) => {
    await Promise.resolve();
    if (placeIn(header) !== `${from.bucket}/${from.key}`) {
      throw new Fault("crypto.integrity", "header does not belong there");
    }
    const wrappedKey = Buffer.from(`${to.bucket}/${to.key}`);
    const fields = { ...decodeHeader(header), wrappedKey };
    const provider = PROVIDERS.find((name) => name === keyWish?.provider) ?? fields.provider;
    const keyId = keyWish?.keyId ?? fields.keyId;
    return { plain: { header: headerOf({ ...fields, provider, keyId }) } };
  });
}

function headerOf(fields: ObjectHeaderFields): string {
  return encodeHeader(fields, () => KEY);
}

function withoutHeader(headers: HeaderFields): HeaderFields {
  const { [HEADER_FIELD]: _, ...others } = headers;
  return others;
}

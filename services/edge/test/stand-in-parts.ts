/** An object that was uploaded in parts, as edge sees it: its head on the backend, crypto's word on its parts, and a backend that copies them. */
import { describeParts, type ObjectFacts, type ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { encodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD, SUITE } from "@s3eg/shared/format/layout.ts";
import { multipartStoredSizeOf } from "@s3eg/shared/format/sizes.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { z } from "zod";
import { answer, refusal } from "./memory-backend.ts";
import type { runningEdge } from "./running-edge.ts";

type Edge = Awaited<ReturnType<typeof runningEdge>>;
type Send = Edge["backend"]["intercept"];

const KEY = new Uint8Array(32);
const MIB = 1024 * 1024;

/** Two parts of 5 MiB and 6 MiB, numbered with a gap. */
export const PARTS: readonly ObjectPart[] = [
  { partNumber: 1, size: 5 * MIB, checksum: "AAAAAA==" },
  { partNumber: 3, size: 6 * MIB, checksum: "AAAAAQ==" },
];

/** Stored bytes of `PARTS`, the manifest in a backend part of its own. */
export const STORED = multipartStoredSizeOf(11 * MIB, 3);
/** The backend's ETag of the object. */
export const ETAG = `"${"c".repeat(32)}-3"`;

/** What crypto tells of an object of `PARTS`. */
export const FACTS: ObjectFacts = {
  size: 11 * MIB,
  isSealed: true,
  etag: `${"d".repeat(32)}-2`,
  checksum: { algorithm: "crc32", type: "COMPOSITE", value: "AAAAAg==", partCount: 2 },
};

/** Puts such an object on the backend and answers for crypto; gives what crypto was asked. */
export function standInParts(edge: Edge, place: string, told = { facts: FACTS, parts: PARTS }) {
  const [bucket = "", key = ""] = place.split("/");
  const header = encodeHeader(
    {
      suite: SUITE.aes256Gcm,
      flags: FLAG.multipart,
      objectId: KEY,
      commitment: KEY,
      plaintextSize: undefined,
      createdAtMs: 0,
      provider: "aes",
      keyId: "k",
      keyVersion: 1,
      wrappedKey: Buffer.from(`${bucket}/${key}`),
    },
    () => KEY,
  );
  const headers = { [HEADER_FIELD]: header, "x-amz-meta-a": "b", "content-type": "text/x-a" };
  edge.backend.objects.set(place, { bytes: Buffer.alloc(STORED), headers, etag: ETAG });
  const asked: z.infer<typeof describeParts.head>[] = [];
  edge.transfers.serveDownload(describeParts, async (head) => {
    await Promise.resolve();
    asked.push(head);
    const bytes = Buffer.from(JSON.stringify(told.parts));
    return { result: { facts: told.facts }, body: bodyOfBytes(bytes), sizeBytes: bytes.byteLength };
  });
  return asked;
}

/** Makes the backend take uploads of copied parts; `refuse` answers in its place where it gives an answer. */
export function takeCopiedParts(edge: Edge, refuse: Send = () => undefined): void {
  edge.backend.intercept = async (request) => {
    const refused = await refuse(request);
    if (refused) return refused;
    const query = new Map(request.query);
    if (query.has("uploads")) {
      const result = "<UploadId>u</UploadId>";
      return answer(
        200,
        {},
        `<InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>`,
      );
    }
    if (query.get("uploadId") !== "u") return undefined;
    if (request.method === "DELETE") return answer(204);
    const etag = `<ETag>"${query.get("partNumber") ?? "whole-3"}"</ETag>`;
    if (request.method === "PUT")
      return answer(200, {}, `<CopyPartResult>${etag}</CopyPartResult>`);
    const result = `<CompleteMultipartUploadResult>${etag}</CompleteMultipartUploadResult>`;
    return request.method === "POST" ? answer(200, {}, result) : refusal(405, "MethodNotAllowed");
  };
}

/**
 * The copy of an object that was uploaded in parts: the backend copies it part by part into an upload of its own, so that the copy keeps
 * its number of parts, on which the place of the manifest depends (format.md §7, §9). No byte is moved here.
 */
import type {
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import type { ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { partCountOfEtag, sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { encodeKey } from "@s3eg/shared/s3/names.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { copyCompanion, deleteCompanions } from "../companions.ts";
import type { S3Answer } from "../operations/operation.ts";
import { headerEtag } from "../s3/etags.ts";
import { identityOf } from "../s3-request.ts";
import { headSource, namingSource } from "./copied-source.ts";
import { type Copying, copyAnswer, copyOutcome, reissuedFields } from "./reissued-copy.ts";

/** Parts under way at once: the backend does the work, and has other clients. */
const PARTS_AT_ONCE = 4;
const CUSTOMER_KEY = "x-amz-server-side-encryption-customer-";

/** Stored bytes of one of the backend's parts: offsets of the first and the last one. */
interface StoredSpan {
  readonly first: number;
  readonly last: number;
}

/** Copies an object of these parts, as the client made them. What fails leaves no upload behind, and nothing at the copy's place. */
export async function copyInParts(
  copying: Copying,
  parts: readonly ObjectPart[],
): Promise<S3Answer> {
  const { headers, etag } = copying.found;
  const { spans, isBeside } = storedSpans(parts, {
    etag,
    storedSize: Number(headers["content-length"]),
  });
  const fields = await reissuedFields(copying);
  const { [HEADER_FIELD]: header = "" } = fields;
  const companion = isBeside ? companionKeyOf(copying.request.key, header) : undefined;
  const uploadId = await begin(copying, fields);
  let mayBeComplete = false;
  try {
    const etags = await copyParts(copying, uploadId, spans);
    await checkUnchanged(copying);
    if (companion !== undefined) await copyManifest(copying, companion);
    mayBeComplete = true;
    return await complete(copying, { uploadId, header }, etags);
  } catch (error) {
    await abandon(copying, uploadId);
    // An answer that was lost may have been a yes: the copy is then there and needs its manifest. `s3eg orphans` finds one that is not needed.
    if (companion !== undefined && !mayBeComplete)
      await deleteCompanions(copying.request, copying.rooms, [companion]);
    throw error;
  }
}

/** The manifest that lies beside the source goes beside the copy, under the name that the copy's own header gives it. */
async function copyManifest(copying: Copying, to: string): Promise<void> {
  const { request, rooms, source, found } = copying;
  const from = companionKeyOf(source.key, found.headers[HEADER_FIELD] ?? "");
  const { "x-amz-copy-source-if-match": _, ...naming } = namingSource(
    request.headers,
    source,
    found.etag,
  );
  await copyCompanion(request, rooms, {
    from: encodeKey(`${source.bucket}/${from}`),
    to,
    headers: { ...askingOfCopy(request.headers), ...naming },
  });
}

/** Where the backend's parts lie: the manifest is behind the last one of the client's, a part of its own, or beside (format.md §7). */
function storedSpans(
  parts: readonly ObjectPart[],
  { etag, storedSize }: { etag: string; storedSize: number },
): { spans: StoredSpan[]; isBeside: boolean } {
  const count = partCountOfEtag(etag);
  const hasOwnRegion = count === parts.length + 1;
  const sizes = parts.map(({ size }) => sealedPartSizeOf(size));
  const cut = hasOwnRegion ? sizes : sizes.slice(0, -1);
  const spans: StoredSpan[] = [];
  let at = 0;
  for (const size of cut) {
    spans.push({ first: at, last: at + size - 1 });
    at += size;
  }
  spans.push({ first: at, last: storedSize - 1 });
  const isBeside = !hasOwnRegion && at + (sizes.at(-1) ?? 0) === storedSize;
  if (spans.length === count && at < storedSize) return { spans, isBeside };
  throw new Fault("crypto.integrity", "stored object does not have the parts its manifest says");
}

async function begin(copying: Copying, headers: HeaderFields): Promise<string> {
  const response = await send(copying, { method: "POST", query: [["uploads", ""]], headers });
  const result = await copyOutcome(response, "InitiateMultipartUploadResult");
  const uploadId = result.textOf("UploadId");
  if (uploadId) return uploadId;
  throw new Fault("backend.unavailable", "backend began an upload without an id");
}

/** The parts' ETags, in order. After a failure none is begun any more, and those under way have ended when it is thrown. */
async function copyParts(
  copying: Copying,
  uploadId: string,
  spans: readonly StoredSpan[],
): Promise<string[]> {
  let failure: { readonly error: unknown } | undefined;
  const etags = await atMost(PARTS_AT_ONCE, [...spans.entries()], async ([index, span]) => {
    if (failure) return "";
    const range = spans.length > 1 ? span : undefined;
    try {
      return await copyPart(copying, { uploadId, partNumber: index + 1, range });
    } catch (error) {
      failure ??= { error };
      return "";
    }
  });
  if (failure) throw failure.error;
  return etags;
}

async function copyPart(
  copying: Copying,
  part: { uploadId: string; partNumber: number; range: StoredSpan | undefined },
): Promise<string> {
  const { request, source, found } = copying;
  const { uploadId, partNumber, range } = part;
  const response = await send(copying, {
    method: "PUT",
    query: [
      ["partNumber", String(partNumber)],
      ["uploadId", uploadId],
    ],
    headers: {
      ...askingOfCopy(request.headers),
      ...namingSource(request.headers, source, found.etag),
      ...(range ? { "x-amz-copy-source-range": `bytes=${range.first}-${range.last}` } : {}),
    },
  });
  const result = await copyOutcome(response, "CopyPartResult");
  return result.textOf("ETag") ?? "";
}

/** Not every backend heeds the condition on the source of a part: parts of two objects must not become one that nobody can read. */
async function checkUnchanged({ request, rooms, source, found }: Copying): Promise<void> {
  const now = await headSource(request, source, { rooms, conditions: {} });
  await now.text();
  if (now.status !== 200 || now.headers.etag !== found.etag) {
    throw new Fault("backend.changed", "copy source changed while it was copied");
  }
}

async function complete(
  copying: Copying,
  { uploadId, header }: { uploadId: string; header: string },
  etags: readonly string[],
): Promise<S3Answer> {
  const { request, found, conditions } = copying;
  const nodes = etags.map((etag, index) =>
    el("Part", el("PartNumber", index + 1), el("ETag", etag)),
  );
  const list = xmlDocument(el("CompleteMultipartUpload", ...nodes), { hasNamespace: true });
  const response = await send(copying, {
    method: "POST",
    query: [["uploadId", uploadId]],
    headers: {
      ...askingOfCopy(request.headers),
      ...conditions,
      "content-type": "application/xml",
    },
    body: Buffer.from(list),
  });
  const result = await copyOutcome(response, "CompleteMultipartUploadResult");
  const sourceVersion = found.headers["x-amz-version-id"];
  return await copyAnswer(copying, {
    etag: headerEtag(result.textOf("ETag") ?? ""),
    header,
    lastModified: new Date(response.headers.date ?? Date.now()).toISOString(),
    headers: {
      ...response.headers,
      ...(sourceVersion === undefined ? {} : { "x-amz-copy-source-version-id": sourceVersion }),
    },
  });
}

/** Whatever became of the request: nobody else knows of this upload. */
async function abandon({ request, rooms }: Copying, uploadId: string): Promise<void> {
  try {
    const response = await rooms.backend.send({
      method: "DELETE",
      bucket: request.bucket,
      key: request.key,
      ...identityOf(request),
      query: [["uploadId", uploadId]],
      headers: askingOfCopy(request.headers),
      requestId: request.id,
    });
    await response.text();
  } catch {
    // What made the copy fail is what the client learns; the backend's own rules clean an upload that nobody completes.
  }
}

/** What every request about the copy must say: whose bucket it is, who pays, and the customer's key that it is put under. */
function askingOfCopy(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        name === "x-amz-expected-bucket-owner" ||
        name === "x-amz-request-payer" ||
        name.startsWith(CUSTOMER_KEY),
    ),
  );
}

async function send(
  { request, rooms }: Copying,
  asked: Pick<BackendRequest, "method" | "query" | "headers" | "body">,
): Promise<BackendResponse> {
  const { bucket, key, id: requestId, signal } = request;
  return await rooms.backend.send({
    bucket,
    key,
    ...identityOf(request),
    requestId,
    signal,
    ...asked,
  });
}

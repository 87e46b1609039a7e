/** CompleteMultipartUpload: crypto seals the manifest into the object and has the backend complete it. */
import { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { type CompletedPart, completeUpload } from "@s3eg/shared/contracts/multipart.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { el, optional, parseXml, type XmlElement, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { checksumElement } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { clientEtag } from "../s3/etags.ts";
import { answerHeaders } from "../s3/headers.ts";
import type { S3Request } from "../s3-request.ts";
import { conditionsOf } from "../shown-etag.ts";
import { uploadAddress } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

/** Ten thousand parts with a checksum each. */
const MAX_XML_BYTES = 4 * 1024 * 1024;
const MAX_PARTS = 10_000;

export const completeMultipartUpload: Operation = {
  name: "CompleteMultipartUpload",
  method: "POST",
  level: "object",
  subresources: ["uploadId"],
  async run(request, rooms) {
    const sent = await request.bytes(MAX_XML_BYTES, { hasObjectChecksum: true });
    const parts = completedParts(parseXml(sent.toString("utf8"), { maxBytes: MAX_XML_BYTES }));
    const checksum = statedChecksum(request);
    const { maxObjectBytes } = request.policy;
    const head = {
      ...uploadAddress(request),
      headers: { ...(await conditionsOf(request, rooms)) },
      ...(checksum ? { checksum } : {}),
      ...(maxObjectBytes === undefined ? {} : { maxObjectBytes }),
    };
    const body = bodyOfBytes(Buffer.from(JSON.stringify(parts)));
    const sending = { head, body, tail: () => ({}) };
    const options = { requestId: request.id, signal: request.signal };
    const done = await rooms.crypto.upload(completeUpload, sending, options);
    const sum = done.checksum;
    const isMd5 = request.policy.etag === "md5" && done.plainEtag !== undefined;
    const shown = isMd5 ? `"${done.plainEtag}"` : clientEtag(done.etag);
    const result = el(
      "CompleteMultipartUploadResult",
      el("Location", request.url()),
      el("Bucket", request.bucket),
      el("Key", request.key),
      el("ETag", shown),
      checksumElement(sum),
      optional("ChecksumType", sum?.type),
    );
    const told = answerHeaders(done.headers);
    const headers = {
      ...told,
      // The tag of the answer, which some backends give as a header too, is the object's.
      ...(told.etag === undefined ? {} : { etag: shown }),
      "content-type": "application/xml",
    };
    return { status: 200, headers, body: xmlDocument(result, { hasNamespace: true }) };
  },
};

function completedParts(document: XmlElement): CompletedPart[] {
  const parts = document.all("Part");
  if (document.name !== "CompleteMultipartUpload" || parts.length === 0)
    throw s3Error("MalformedXML");
  if (parts.length > MAX_PARTS) throw s3Error("MalformedXML");
  return parts.map((part) => {
    const partNumber = Number(part.textOf("PartNumber") ?? Number.NaN);
    const etag = part.textOf("ETag");
    if (!Number.isInteger(partNumber) || etag === undefined) throw s3Error("MalformedXML");
    if (partNumber < 1 || partNumber > MAX_PARTS) throw s3Error("InvalidArgument");
    return { partNumber, etag, ...partChecksum(part) };
  });
}

function partChecksum(part: XmlElement): Pick<CompletedPart, "checksum"> {
  for (const algorithm of ChecksumName.options) {
    const value = part.textOf(`Checksum${algorithm.toUpperCase()}`);
    if (value !== undefined) return { checksum: { algorithm, value } };
  }
  return {};
}

/** The checksum of the whole object that a client may state with Complete. */
function statedChecksum({
  headers,
}: S3Request): { algorithm: ChecksumName; value: string } | undefined {
  for (const algorithm of ChecksumName.options) {
    const value = headers[`x-amz-checksum-${algorithm}`];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

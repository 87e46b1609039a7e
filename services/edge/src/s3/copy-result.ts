/** The document that answers a copy (S3 API, CopyObjectResult). */
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { checksumElements } from "./checksum-headers.ts";

/** CopyObjectResult; `etag` as clients see it, `lastModified` as S3 writes it in documents. */
export function copyResult(copy: {
  lastModified: string;
  etag: string;
  checksum: ObjectFacts["checksum"];
}): string {
  const elements = [
    el("LastModified", copy.lastModified),
    el("ETag", copy.etag),
    ...checksumElements(copy.checksum),
  ];
  return xmlDocument(el("CopyObjectResult", ...elements), { hasNamespace: true });
}

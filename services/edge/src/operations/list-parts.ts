/** ListParts: plaintext sizes, and parts that the backend does not hold yet, come from the state of the upload. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { ListedPart, listParts as listPartsContract } from "@s3eg/shared/contracts/multipart.ts";
import { el, optional, type XmlElement, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { copyNode, parseBackendXml } from "../backend-xml.ts";
import { collectedList } from "../collected-list.ts";
import { checksumElement } from "../s3/checksum-headers.ts";
import { askingHeaders } from "../s3/headers.ts";
import { partsPage } from "../s3/parts-page.ts";
import type { S3Request } from "../s3-request.ts";
import { shownPartEtag } from "../shown-part-etag.ts";
import { uploadAddress } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

export const listParts: Operation = {
  name: "ListParts",
  method: "GET",
  level: "object",
  subresources: ["uploadId"],
  async run(request, { crypto, backend }) {
    const address = uploadAddress(request);
    const options = { requestId: request.id, signal: request.signal };
    const upload = await uploadOnBackend(request, backend);
    const { result, body } = await crypto.download(listPartsContract, address, options);
    const parts = await collectedList(body, ListedPart);
    const { page, marker, maxParts, isTruncated } = partsPage(parts, {
      marker: askedOf(request, "part-number-marker"),
      maxParts: askedOf(request, "max-parts"),
    });
    const document = el(
      "ListPartsResult",
      el("Bucket", request.bucket),
      el("Key", request.key),
      el("UploadId", address.uploadId),
      ...OF_THE_BACKEND.flatMap((name) => upload.all(name)).map(copyNode),
      el("PartNumberMarker", marker),
      optional("NextPartNumberMarker", page.at(-1)?.partNumber),
      el("MaxParts", maxParts),
      el("IsTruncated", isTruncated),
      result.checksum && el("ChecksumAlgorithm", result.checksum.algorithm.toUpperCase()),
      optional("ChecksumType", result.checksum?.type),
      ...page.map((part) => partNode(part, request)),
    );
    const headers = { "content-type": "application/xml" };
    return { status: 200, headers, body: xmlDocument(document, { hasNamespace: true }) };
  },
};

/** What the backend alone knows of an upload. */
const OF_THE_BACKEND = ["Initiator", "Owner", "StorageClass"];

async function uploadOnBackend(request: S3Request, backend: Backend): Promise<XmlElement> {
  const { target, uploadId } = uploadAddress(request);
  const response = await backend.send({
    method: "GET",
    ...target,
    query: [
      ["uploadId", uploadId],
      ["max-parts", "1"],
    ],
    headers: askingHeaders(request.headers),
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) throw await backendFault(response);
  return parseBackendXml(await response.text());
}

function partNode(
  { partNumber, lastModifiedMs, etag, md5, size, checksum }: ListedPart,
  { policy }: S3Request,
) {
  return el(
    "Part",
    el("PartNumber", partNumber),
    el("LastModified", new Date(lastModifiedMs).toISOString()),
    el("ETag", shownPartEtag(policy, etag, md5)),
    el("Size", size),
    checksumElement(checksum),
  );
}

/** An empty parameter says nothing. */
function askedOf({ query }: S3Request, name: string) {
  return [name, query.get(name) || undefined] as const;
}

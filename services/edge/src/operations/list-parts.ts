/** ListParts: plaintext sizes, and parts that the backend does not hold yet, come from the state of the upload. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import {
  type ListedPart,
  ListedPart as ListedPartSchema,
  listParts as listPartsContract,
} from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import { el, optional, type XmlElement, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { z } from "zod";
import { copyNode, parseBackendXml } from "../backend-xml.ts";
import { s3Error } from "../s3/errors.ts";
import { askingHeaders } from "../s3/headers.ts";
import type { S3Request } from "../s3-request.ts";
import { shownPartEtag } from "../shown-part-etag.ts";
import { uploadAddress } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_PAGE = 1000;
const ListedParts = z.array(ListedPartSchema);

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
    const tooLong = () => new Fault("internal.bug", "list of parts is too long");
    const parts = ListedParts.parse(
      JSON.parse((await collectBody(body, MAX_LIST_BYTES, tooLong)).toString()),
    );
    const marker = numberOf(request, "part-number-marker", 0);
    const maxParts = Math.min(MAX_PAGE, numberOf(request, "max-parts", MAX_PAGE));
    const rest = parts.filter(({ partNumber }) => partNumber > marker);
    const page = rest.slice(0, maxParts);
    const document = el(
      "ListPartsResult",
      el("Bucket", request.bucket),
      el("Key", request.key),
      el("UploadId", address.uploadId),
      ...OF_THE_BACKEND.flatMap((name) => upload.all(name)).map(copyNode),
      el("PartNumberMarker", marker),
      optional("NextPartNumberMarker", page.at(-1)?.partNumber),
      el("MaxParts", maxParts),
      el("IsTruncated", rest.length > page.length),
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
    checksum && el(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value),
  );
}

function numberOf({ query }: S3Request, name: string, standard: number): number {
  const text = query.get(name);
  if (text === undefined || text === "") return standard;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw s3Error("InvalidArgument", { fields: { ArgumentName: name, ArgumentValue: text } });
}

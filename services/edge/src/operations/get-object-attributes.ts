/** GetObjectAttributes: what HEAD and the sealed trailer say of an object, as a document. */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { el, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { plaintextSizeOfAnswer } from "../plaintext-size.ts";
import { checksumElements } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { askingHeaders } from "../s3/headers.ts";
import { type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, shownEtag } from "../shown-etag.ts";
import type { Operation } from "./operation.ts";

const ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
/** Fields of the HEAD that the answer carries as its own. */
const ANSWERED = ["last-modified", "x-amz-version-id", "x-amz-delete-marker"];

export const getObjectAttributes: Operation = {
  name: "GetObjectAttributes",
  method: "GET",
  level: "object",
  subresources: ["attributes"],
  async run(request, rooms) {
    const wanted = attributesOf(request);
    const { versionId, ...target } = targetOf(request);
    const response = await rooms.backend.send({
      method: "HEAD",
      ...target,
      query: versionId === undefined ? [] : [["versionId", versionId]],
      headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
      requestId: request.id,
      signal: request.signal,
    });
    if (response.status !== 200) throw await backendFault(response);
    await response.text();
    const { headers } = response;
    const etag = headers.etag ?? "";
    const { bucket, key } = request;
    const pinned = { bucket, key, etag, ...(versionId === undefined ? {} : { versionId }) };
    const facts = await rooms.known.of(request, pinned);
    const size = facts?.size ?? plaintextSizeOfAnswer(headers, request.policy.contents);
    const checksum = checksumElements(facts?.checksum);
    const elements: Record<string, XmlNode[]> = {
      ETag: [el("ETag", shownEtag(request.policy, etag, facts).replaceAll('"', ""))],
      Checksum: checksum.length > 0 ? [el("Checksum", ...checksum)] : [],
      StorageClass: [el("StorageClass", headers["x-amz-storage-class"] ?? "STANDARD")],
      ObjectSize: [el("ObjectSize", size)],
    };
    const chosen = ATTRIBUTES.filter((name) => wanted.has(name));
    const body = el(
      "GetObjectAttributesResponse",
      ...chosen.flatMap((name) => elements[name] ?? []),
    );
    return {
      status: 200,
      headers: Object.fromEntries(
        Object.entries(headers).filter(([name]) => ANSWERED.includes(name)),
      ),
      body: xmlDocument(body, { hasNamespace: true }),
    };
  },
};

function attributesOf({ headers }: S3Request): ReadonlySet<string> {
  const names = (headers["x-amz-object-attributes"] ?? "").split(",").map((name) => name.trim());
  const isGood = names.every((name) => ATTRIBUTES.includes(name));
  if (isGood) return new Set(names);
  throw s3Error("InvalidArgument", {
    message: "Invalid attribute name specified.",
    fields: { ArgumentName: "x-amz-object-attributes" },
  });
}

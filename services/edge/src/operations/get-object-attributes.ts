/** GetObjectAttributes: what HEAD and the sealed trailer say of an object, as a document. */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";
import { el, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { ownHeaders } from "../object-metadata.ts";
import { isInParts, partsOf } from "../object-parts.ts";
import { objectSizeOf } from "../object-size.ts";
import { checksumElements } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { askingHeaders } from "../s3/headers.ts";
import { objectPartsElement } from "../s3/object-parts-element.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, shownEtag } from "../shown-etag.ts";
import type { Operation, Rooms } from "./operation.ts";

const ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const WANTED = "x-amz-object-attributes";
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
      query: versionQuery(versionId),
      headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
      requestId: request.id,
      signal: request.signal,
    });
    if (response.status !== 200) throw await refusal(request, rooms, response);
    await response.text();
    const { headers } = response;
    const etag = headers.etag ?? "";
    const { bucket, key } = request;
    await checkSealed(request, rooms, headers);
    const pinned = { bucket, key, versionId, etag };
    const described =
      wanted.has("ObjectParts") && isInParts(headers[HEADER_FIELD])
        ? await partsOf(request, rooms, {
            object: pinned,
            place: placeOf(request),
            headers: askingHeaders(request.headers),
          })
        : undefined;
    const facts = described?.facts ?? (await rooms.known.of(request, pinned));
    const size =
      facts?.size ?? (await objectSizeOf(request, rooms, { bucket, key, versionId, headers }));
    const checksum = checksumElements(facts?.checksum);
    const elements: Record<string, XmlNode[]> = {
      ETag: [el("ETag", shownEtag(request.policy, etag, facts).replaceAll('"', ""))],
      Checksum: checksum.length > 0 ? [el("Checksum", ...checksum)] : [],
      ObjectParts: described ? [objectPartsElement(request.headers, described)] : [],
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
      headers: {
        ...Object.fromEntries(Object.entries(headers).filter(([name]) => ANSWERED.includes(name))),
        "content-type": "application/xml",
      },
      body: xmlDocument(body, { hasNamespace: true }),
    };
  },
};

/** What is known of an object's bytes is not told once its header or its sealed metadata are not what they were. */
async function checkSealed(request: S3Request, rooms: Rooms, headers: HeaderFields): Promise<void> {
  if (headers[HEADER_FIELD] === undefined) refuseUnsealed(headers, request.policy.contents);
  await ownHeaders(request, rooms, headers);
}

/** Why there are no attributes. A HEAD that finds nothing has no body to say what is missing: a GET has. */
async function refusal(
  request: S3Request,
  { backend }: Rooms,
  refused: BackendResponse,
): Promise<Fault> {
  const fault = await backendFault(refused);
  if (refused.status !== 404) return fault;
  const { versionId, ...target } = targetOf(request);
  const response = await backend.send({
    method: "GET",
    ...target,
    query: versionQuery(versionId),
    headers: { ...askingHeaders(request.headers), range: "bytes=0-0" },
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status === 404) return await backendFault(response);
  response.body.destroy();
  return fault;
}

function attributesOf({ headers }: S3Request): ReadonlySet<string> {
  const value = headers[WANTED] ?? "";
  if (value.trim() === "") {
    throw s3Error("InvalidRequest", {
      message: `The ${WANTED} header specifying the attributes to be retrieved is either missing or empty`,
    });
  }
  const names = value.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !ATTRIBUTES.includes(name));
  if (unknown === undefined) return new Set(names);
  throw s3Error("InvalidArgument", {
    message: "Invalid attribute name specified.",
    fields: { ArgumentName: WANTED, ArgumentValue: unknown },
  });
}

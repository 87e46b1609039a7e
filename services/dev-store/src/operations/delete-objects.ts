/** DeleteObjects: up to 1000 keys, each with an answer of its own. */
import { el, optional, type XmlElement, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { deleteGuard } from "../s3/conditions.ts";
import { S3Error, toS3Error } from "../s3/errors.ts";
import { type Operation, versionIdOf, xmlBody } from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";

const MAX_OBJECTS = 1000;

/** `POST /bucket?delete`. */
export const deleteObjects: Operation = {
  name: "DeleteObjects",
  method: "POST",
  on: "bucket",
  marks: ["delete"],
  takesBody: true,
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    if (!request.upload.hasDigest) {
      throw new S3Error("InvalidRequest", {
        message: "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
      });
    }
    const root = await xmlBody(request, "Delete");
    const objects = root.all("Object");
    if (objects.length === 0 || objects.length > MAX_OBJECTS) throw new S3Error("MalformedXML");
    if (objects.some((object) => !object.textOf("Key"))) throw new S3Error("MalformedXML");
    const isQuiet = root.textOf("Quiet")?.trim() === "true";
    const results: XmlNode[] = [];
    for (const object of objects) {
      const result = await deleteOne(bucket, object);
      if (!isQuiet || result.name === "Error") results.push(result);
    }
    return { status: 200, xml: el("DeleteResult", ...results) };
  },
};

async function deleteOne(bucket: Bucket, object: XmlElement): Promise<XmlNode> {
  const key = object.textOf("Key") ?? "";
  const asked = object.textOf("VersionId");
  try {
    const versionId = asked ? versionIdOf({ query: new Map([["versionId", asked]]) }) : undefined;
    const guard = deleteGuard(object.textOf("ETag"), key);
    const removed = await bucket.remove(key, { versionId, guard });
    return el(
      "Deleted",
      el("Key", key),
      optional("VersionId", versionId),
      removed.isDeleteMarker ? el("DeleteMarker", true) : undefined,
      removed.isDeleteMarker ? optional("DeleteMarkerVersionId", removed.versionId) : undefined,
    );
  } catch (error) {
    const { code, message } = toS3Error(error);
    return el(
      "Error",
      el("Key", key),
      optional("VersionId", asked),
      el("Code", code),
      el("Message", message),
    );
  }
}

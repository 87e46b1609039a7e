/** GetObjectTagging, PutObjectTagging, DeleteObjectTagging. */
import { versionHeaders } from "../s3/object-headers.ts";
import { taggingXml, tagsOfXml } from "../s3/tags.ts";
import { type Operation, versionIdOf, xmlBody } from "../s3-request.ts";
import { objectOf } from "./find-object.ts";

const TAGGING = { on: "object", marks: ["tagging"], parameters: ["versionId"] } as const;

/** `GET /bucket/key?tagging`. */
export const getObjectTagging: Operation = {
  ...TAGGING,
  name: "GetObjectTagging",
  method: "GET",
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const object = objectOf(bucket, { key: request.key, versionId: versionIdOf(request) });
    const headers = versionHeaders(bucket, object.versionId);
    return { status: 200, headers, xml: taggingXml(object.tags) };
  },
};

/** `PUT /bucket/key?tagging`. */
export const putObjectTagging: Operation = {
  ...TAGGING,
  name: "PutObjectTagging",
  method: "PUT",
  takesBody: true,
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const tags = tagsOfXml(await xmlBody(request, "Tagging"));
    const object = objectOf(bucket, { key: request.key, versionId: versionIdOf(request) });
    await bucket.setTags(request.key, object, tags);
    return { status: 200, headers: versionHeaders(bucket, object.versionId) };
  },
};

/** `DELETE /bucket/key?tagging`. */
export const deleteObjectTagging: Operation = {
  ...TAGGING,
  name: "DeleteObjectTagging",
  method: "DELETE",
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const object = objectOf(bucket, { key: request.key, versionId: versionIdOf(request) });
    await bucket.setTags(request.key, object, []);
    return { status: 204, headers: versionHeaders(bucket, object.versionId) };
  },
};

/** CopyObject: always a copy of the bytes, so that ETag and checksum are those of an object of one piece. */
import { checkedBody } from "@s3eg/shared/s3/checksums.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { checksumElements, digestName, wantedAlgorithm } from "../s3/checksums.ts";
import { directiveOf, writeGuard } from "../s3/conditions.ts";
import { S3Error } from "../s3/errors.ts";
import {
  headersToStore,
  isoSeconds,
  quoted,
  storageClassOf,
  versionHeaders,
} from "../s3/object-headers.ts";
import { tagsOfHeader } from "../s3/tags.ts";
import type { Operation, Rooms, S3Request } from "../s3-request.ts";
import type { NewObject } from "../store/bucket.ts";
import type { Received } from "../store/byte-files.ts";
import type { ObjectVersion, StoredChecksum } from "../store/records.ts";
import { type CopySource, copySource } from "./copy-source.ts";
import { MAX_PUT_BYTES } from "./put-object.ts";

/** `PUT /bucket/key` with `x-amz-copy-source`. */
export const copyObject: Operation = {
  name: "CopyObject",
  method: "PUT",
  on: "object",
  headerMark: "x-amz-copy-source",
  async run(request, rooms) {
    const { key, headers } = request;
    const bucket = rooms.store.bucket(request.bucket);
    const source = copySource(headers, rooms.store);
    refuseNoChange(request, source);
    if (source.version.size > MAX_PUT_BYTES) {
      throw new S3Error("InvalidRequest", {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
      });
    }
    const guard = writeGuard(headers, key);
    guard(bucket.find(key));
    const facts = factsOf(headers, source.version);
    const { received, checksum } = await copyBytes(request, source, { rooms, bucket });
    const { id, size, md5 } = received;
    try {
      const version = await bucket.put(
        key,
        { ...facts, etag: md5, size, pieces: [{ id, size }], ...(checksum ? { checksum } : {}) },
        guard,
      );
      return {
        status: 200,
        headers: {
          ...versionHeaders(bucket, version.versionId),
          ...sourceVersionHeader(source),
        },
        xml: el(
          "CopyObjectResult",
          el("LastModified", isoSeconds(version.modifiedAt)),
          el("ETag", quoted(md5)),
          ...checksumElements(checksum),
        ),
      };
    } catch (error) {
      await bucket.files.remove([id]);
      throw error;
    }
  },
};

/** Which version was copied, where the source's bucket has versions. */
export function sourceVersionHeader({ bucket, version }: CopySource): Record<string, string> {
  const told = versionHeaders(bucket, version.versionId)["x-amz-version-id"];
  return told === undefined ? {} : { "x-amz-copy-source-version-id": told };
}

function refuseNoChange({ bucket, key, headers }: S3Request, source: CopySource): void {
  const isSelf = source.bucket.name === bucket && source.key === key && !source.isVersioned;
  const changes =
    directiveOf(headers, "x-amz-metadata-directive") === "REPLACE" ||
    headers["x-amz-storage-class"] !== undefined ||
    headers["x-amz-checksum-algorithm"] !== undefined;
  if (isSelf && !changes) {
    throw new S3Error("InvalidRequest", {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
}

function factsOf(
  headers: S3Request["headers"],
  source: ObjectVersion,
): Pick<NewObject, "headers" | "tags" | "storageClass" | "isMultipart"> {
  const keepsMetadata = directiveOf(headers, "x-amz-metadata-directive") === "COPY";
  const keepsTags = directiveOf(headers, "x-amz-tagging-directive") === "COPY";
  return {
    headers: keepsMetadata ? source.headers : headersToStore(headers),
    tags: keepsTags ? source.tags : tagsOfHeader(headers["x-amz-tagging"]),
    storageClass: storageClassOf(headers),
    isMultipart: false,
  };
}

async function copyBytes(
  { headers }: S3Request,
  source: CopySource,
  { rooms, bucket }: { rooms: Rooms; bucket: CopySource["bucket"] },
): Promise<{ received: Received; checksum?: StoredChecksum }> {
  const algorithm = wantedAlgorithm(headers) ?? source.version.checksum?.algorithm;
  const bytes = source.bucket.files.read(source.version.pieces);
  if (!algorithm) return { received: await bucket.files.receive(bytes) };
  let value = "";
  const digest = rooms.createDigest(digestName(algorithm));
  const verify = (actual: Buffer): void => {
    value = actual.toString("base64");
  };
  const received = await bucket.files.receive(checkedBody(bytes, [{ digest, verify }]));
  return { received, checksum: { algorithm, type: "FULL_OBJECT", value } };
}

/** PutObject: the bytes first, then in one step the condition and the object. */
import { checksumHeaders } from "../s3/checksums.ts";
import { writeGuard } from "../s3/conditions.ts";
import { S3Error } from "../s3/errors.ts";
import { headersToStore, quoted, storageClassOf, versionHeaders } from "../s3/object-headers.ts";
import { tagsOfHeader } from "../s3/tags.ts";
import type { Operation } from "../s3-request.ts";
import type { StoredChecksum } from "../store/records.ts";

/** The largest object S3 takes in one piece. */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** `PUT /bucket/key`. */
export const putObject: Operation = {
  name: "PutObject",
  method: "PUT",
  on: "object",
  takesBody: true,
  async run({ bucket: bucketName, key, headers, upload }, { store }) {
    const bucket = store.bucket(bucketName);
    const guard = writeGuard(headers, key);
    const facts = {
      headers: headersToStore(headers),
      tags: tagsOfHeader(headers["x-amz-tagging"]),
      storageClass: storageClassOf(headers),
      isMultipart: false,
    };
    if (upload.sizeBytes === undefined) throw new S3Error("MissingContentLength");
    if (upload.sizeBytes > MAX_PUT_BYTES) throw new S3Error("EntityTooLarge");
    // What cannot succeed is refused before its bytes are read; the guard that counts runs again below.
    guard(bucket.find(key));
    const { id, size, md5 } = await bucket.files.receive(upload.body);
    const given = upload.checksum();
    const checksum: StoredChecksum | undefined = given && { ...given, type: "FULL_OBJECT" };
    try {
      const version = await bucket.put(
        key,
        { ...facts, etag: md5, size, pieces: [{ id, size }], ...(checksum ? { checksum } : {}) },
        guard,
      );
      return {
        status: 200,
        headers: {
          etag: quoted(md5),
          ...checksumHeaders(checksum),
          ...versionHeaders(bucket, version.versionId),
        },
      };
    } catch (error) {
      await bucket.files.remove([id]);
      throw error;
    }
  },
};

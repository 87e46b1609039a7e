/** CreateMultipartUpload. */
import { el } from "@s3eg/shared/s3/xml.ts";
import { checksumTypeOf, wantedAlgorithm } from "../s3/checksums.ts";
import { S3Error } from "../s3/errors.ts";
import { headersToStore, storageClassOf } from "../s3/object-headers.ts";
import { tagsOfHeader } from "../s3/tags.ts";
import type { Operation } from "../s3-request.ts";

/** `POST /bucket/key?uploads`. */
export const createMultipartUpload: Operation = {
  name: "CreateMultipartUpload",
  method: "POST",
  on: "object",
  marks: ["uploads"],
  async run({ bucket: bucketName, key, headers }, { store, now }) {
    const bucket = store.bucket(bucketName);
    const algorithm = wantedAlgorithm(headers);
    if (!algorithm && headers["x-amz-checksum-type"] !== undefined) {
      throw new S3Error("InvalidRequest", {
        message:
          "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
      });
    }
    const checksum = algorithm && { algorithm, type: checksumTypeOf(headers, algorithm) };
    const { uploadId } = await bucket.uploads.start({
      key,
      startedAt: now().getTime(),
      headers: headersToStore(headers),
      tags: tagsOfHeader(headers["x-amz-tagging"]),
      storageClass: storageClassOf(headers),
      ...(checksum ? { checksum } : {}),
    });
    return {
      status: 200,
      headers: {
        "x-amz-checksum-algorithm": checksum?.algorithm,
        "x-amz-checksum-type": checksum?.type,
      },
      xml: el(
        "InitiateMultipartUploadResult",
        el("Bucket", bucketName),
        el("Key", key),
        el("UploadId", uploadId),
      ),
    };
  },
};

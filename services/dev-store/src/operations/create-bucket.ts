/** CreateBucket. The region asked for is not looked at: there is one. */
import { collectBody } from "@s3eg/shared/http/body.ts";
import { isValidBucketName } from "@s3eg/shared/s3/names.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { S3Error } from "../s3/errors.ts";
import type { Operation } from "../s3-request.ts";

/** `PUT /bucket`. */
export const createBucket: Operation = {
  name: "CreateBucket",
  method: "PUT",
  on: "bucket",
  takesBody: true,
  async run({ bucket, upload }, { store }) {
    const bytes = await collectBody(
      upload.body,
      65_536,
      () => new S3Error("MaxMessageLengthExceeded"),
    );
    if (bytes.length > 0 && parseXml(bytes.toString("utf8")).name !== "CreateBucketConfiguration") {
      throw new S3Error("MalformedXML");
    }
    // The name becomes a folder's.
    if (!isValidBucketName(bucket))
      throw new S3Error("InvalidBucketName", { fields: { BucketName: bucket } });
    await store.createBucket(bucket);
    return { status: 200, headers: { location: `/${bucket}` } };
  },
};

/** PutBucketVersioning, without MFA delete. */
import { S3Error } from "../s3/errors.ts";
import { type Operation, xmlBody } from "../s3-request.ts";

/** `PUT /bucket?versioning`. */
export const putBucketVersioning: Operation = {
  name: "PutBucketVersioning",
  method: "PUT",
  on: "bucket",
  marks: ["versioning"],
  takesBody: true,
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const root = await xmlBody(request, "VersioningConfiguration");
    const status = root.textOf("Status");
    if (root.textOf("MfaDelete") === "Enabled") throw new S3Error("NotImplemented");
    if (status !== "Enabled" && status !== "Suspended") throw new S3Error("MalformedXML");
    await bucket.setVersioning(status);
    return { status: 200 };
  },
};

/** HeadBucket. */
import type { Operation } from "../s3-request.ts";

/** `HEAD /bucket`. */
export const headBucket: Operation = {
  name: "HeadBucket",
  method: "HEAD",
  on: "bucket",
  async run({ bucket }, { store }) {
    store.bucket(bucket);
    return { status: 200, headers: { "x-amz-bucket-region": "us-east-1" } };
  },
};

/** DeleteBucket. */
import type { Operation } from "../s3-request.ts";

/** `DELETE /bucket`. */
export const deleteBucket: Operation = {
  name: "DeleteBucket",
  method: "DELETE",
  on: "bucket",
  async run({ bucket }, { store }) {
    await store.deleteBucket(bucket);
    return { status: 204 };
  },
};

/** GetBucketLocation: nothing in it means us-east-1. */
import { el } from "@s3eg/shared/s3/xml.ts";
import type { Operation } from "../s3-request.ts";

/** `GET /bucket?location`. */
export const getBucketLocation: Operation = {
  name: "GetBucketLocation",
  method: "GET",
  on: "bucket",
  marks: ["location"],
  async run({ bucket }, { store }) {
    store.bucket(bucket);
    return { status: 200, xml: el("LocationConstraint") };
  },
};

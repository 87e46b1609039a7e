/** GetBucketVersioning: no status while versioning was never enabled. */
import { el } from "@s3eg/shared/s3/xml.ts";
import type { Operation } from "../s3-request.ts";

/** `GET /bucket?versioning`. */
export const getBucketVersioning: Operation = {
  name: "GetBucketVersioning",
  method: "GET",
  on: "bucket",
  marks: ["versioning"],
  async run({ bucket }, { store }) {
    const { versioning } = store.bucket(bucket);
    const status = versioning === "Off" ? undefined : el("Status", versioning);
    return { status: 200, xml: el("VersioningConfiguration", status) };
  },
};

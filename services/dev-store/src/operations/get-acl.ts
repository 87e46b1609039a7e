/** GetBucketAcl and GetObjectAcl: the one owner may do everything, always. */
import { el, withAttributes } from "@s3eg/shared/s3/xml.ts";
import { OWNER, ownerElement } from "../s3/owner.ts";
import { type Operation, type S3Answer, versionIdOf } from "../s3-request.ts";
import { objectOf } from "./find-object.ts";

/** `GET /bucket?acl`. */
export const getBucketAcl: Operation = {
  name: "GetBucketAcl",
  method: "GET",
  on: "bucket",
  marks: ["acl"],
  async run({ bucket }, { store }) {
    store.bucket(bucket);
    return fullControl();
  },
};

/** `GET /bucket/key?acl`. */
export const getObjectAcl: Operation = {
  name: "GetObjectAcl",
  method: "GET",
  on: "object",
  marks: ["acl"],
  parameters: ["versionId"],
  async run(request, { store }) {
    objectOf(store.bucket(request.bucket), { key: request.key, versionId: versionIdOf(request) });
    return fullControl();
  },
};

function fullControl(): S3Answer {
  const grantee = withAttributes(
    el("Grantee", el("ID", OWNER.id), el("DisplayName", OWNER.displayName)),
    { "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:type": "CanonicalUser" },
  );
  return {
    status: 200,
    xml: el(
      "AccessControlPolicy",
      ownerElement(),
      el("AccessControlList", el("Grant", grantee, el("Permission", "FULL_CONTROL"))),
    ),
  };
}

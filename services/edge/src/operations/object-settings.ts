/** What is set on an object beside its bytes and read back; passed through. `versionId` is part of the query. */
import { s3Error } from "../s3/errors.ts";
import type { Operation } from "./operation.ts";
import { passThrough } from "./pass-through.ts";

type Row = readonly [name: string, method: Operation["method"], subresource: string];

const ROWS: readonly Row[] = [
  ["GetObjectAcl", "GET", "acl"],
  ["PutObjectAcl", "PUT", "acl"],
  ["GetObjectTagging", "GET", "tagging"],
  ["PutObjectTagging", "PUT", "tagging"],
  ["DeleteObjectTagging", "DELETE", "tagging"],
  ["GetObjectRetention", "GET", "retention"],
  ["PutObjectRetention", "PUT", "retention"],
  ["GetObjectLegalHold", "GET", "legal-hold"],
  ["PutObjectLegalHold", "PUT", "legal-hold"],
];

/** RestoreObject: the sealed object comes back from its archive as it is. A restore that selects would run over ciphertext. */
const restoreObject = passThrough(
  { name: "RestoreObject", method: "POST", level: "object", subresources: ["restore"] },
  {
    check(document) {
      if (document.includes("SelectParameters") || document.includes("OutputLocation")) {
        throw s3Error("NotImplemented", {
          message: "A restore cannot select: the backend holds ciphertext.",
        });
      }
    },
  },
);

/** The operations on object settings. */
export const objectSettings: readonly Operation[] = [
  ...ROWS.map(([name, method, subresource]) =>
    passThrough({ name, method, level: "object", subresources: [subresource] }),
  ),
  restoreObject,
];

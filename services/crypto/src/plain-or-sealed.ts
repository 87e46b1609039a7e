/** What both ways of reading share: refusing what is not sealed, and hiding what is the gateway's. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";

/** Refusal of an object without a header; names the value of the setting that would let it be read. */
export function notSealed(contents: "mixed" | "sealed+legacy" = "mixed"): Fault {
  const what = contents === "mixed" ? "not sealed" : "sealed in the format of before";
  return new Fault(
    "crypto.not-sealed",
    `object is ${what}; policy \`contents: ${contents}\` would let it be read`,
  );
}

/** Headers a client may see: everything of the backend's answer but the gateway's own metadata. */
export function visibleHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(HEADER_FIELD)),
  );
}

/**
 * Headers that a presigned URL carries in its query: SDKs move `x-amz-meta-*`, `x-amz-acl` and their like there, where the
 * signature covers them (S3 API, "Authenticating requests: using query parameters").
 */
import type { Incoming } from "../incoming.ts";
import { s3Error } from "../s3/errors.ts";

/** Parameters that are the signature itself. */
const OF_THE_SIGNATURE =
  /^x-amz-(?:algorithm|content-sha256|credential|date|expires|security-token|signature|signedheaders)$/;

/** The request with such parameters among its headers. One that contradicts a header of that name is `InvalidRequest`. */
export function withHoistedHeaders(incoming: Incoming): Incoming {
  const hoisted: Record<string, string> = {};
  for (const [name, value] of incoming.query.pairs) {
    const header = name.toLowerCase();
    if (!header.startsWith("x-amz-") || OF_THE_SIGNATURE.test(header)) continue;
    // Header values are latin-1, one character a byte.
    const text = Buffer.from(value, "utf8").toString("latin1");
    const given = hoisted[header] ?? incoming.headers[header];
    if (given !== undefined && given !== text) {
      throw s3Error("InvalidRequest", { message: `${header} is given in the query and otherwise` });
    }
    hoisted[header] = text;
  }
  return Object.keys(hoisted).length === 0
    ? incoming
    : { ...incoming, headers: { ...incoming.headers, ...hoisted } };
}

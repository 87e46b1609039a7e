/** What a backend's answer to `partNumber` is worth: some know the parameter and some do not (S3 API, GetObject). */
import { partCountOfEtag } from "../format/sizes.ts";

/** Refusal of a part that the backend does not tell apart. */
export const PARTS_UNTOLD =
  "The storage behind this server does not tell the parts of objects that are not sealed.";

/** True for a 200 that is the whole object where a part of several was asked for. An empty part has nothing to be named by a 206. */
export function isPartIgnored(
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
  part: number,
): boolean {
  if (status !== 200 || headers["content-length"] === "0") return false;
  return part > 1 || (partCountOfEtag(headers.etag ?? "") ?? 1) > 1;
}

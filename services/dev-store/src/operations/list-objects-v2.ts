/** ListObjectsV2. A continuation token is the last name of the page before, so it outlives everything. */
import { el, optional } from "@s3eg/shared/s3/xml.ts";
import { invalidArgument } from "../s3/errors.ts";
import { commonPrefixes, lastName, nameWriter, walk } from "../s3/listing.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";
import { contentsOf, liveObject } from "./listed-object.ts";

/** `GET /bucket?list-type=2`. */
export const listObjectsV2: Operation = {
  name: "ListObjectsV2",
  method: "GET",
  on: "bucket",
  marks: ["list-type"],
  parameters: [
    "prefix",
    "delimiter",
    "max-keys",
    "encoding-type",
    "continuation-token",
    "start-after",
    "fetch-owner",
  ],
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const { query } = request;
    if (query.get("list-type") !== "2") {
      throw invalidArgument("list-type", query.get("list-type") ?? "");
    }
    const maxKeys = wholeNumber(request, "max-keys", { fallback: 1000 });
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const startAfter = query.get("start-after");
    const token = query.get("continuation-token");
    const after = token === undefined ? (startAfter ?? "") : nameOfToken(token);
    const write = nameWriter(request);
    const page = walk(
      bucket.keys,
      { prefix, delimiter, after, maxNames: Math.min(maxKeys, 1000) },
      (key) => liveObject(bucket, key),
    );
    const next = page.isTruncated ? lastName(page) : undefined;
    return {
      status: 200,
      xml: el(
        "ListBucketResult",
        el("Name", bucket.name),
        el("Prefix", write(prefix)),
        delimiter === "" ? undefined : el("Delimiter", write(delimiter)),
        startAfter === undefined ? undefined : el("StartAfter", write(startAfter)),
        optional("ContinuationToken", token),
        next === undefined ? undefined : el("NextContinuationToken", tokenOfName(next)),
        el("KeyCount", page.listed.length),
        el("MaxKeys", maxKeys),
        optional("EncodingType", query.get("encoding-type")),
        el("IsTruncated", page.isTruncated),
        ...contentsOf(page, { write, hasOwner: query.get("fetch-owner") === "true" }),
        ...commonPrefixes(page, write),
      ),
    };
  },
};

function tokenOfName(name: string): string {
  return Buffer.from(`n${name}`, "utf8").toString("base64url");
}

function nameOfToken(token: string): string {
  const name = Buffer.from(token, "base64url").toString("utf8");
  if (name.startsWith("n") && tokenOfName(name.slice(1)) === token) return name.slice(1);
  throw invalidArgument(
    "continuation-token",
    token,
    "The continuation token provided is incorrect",
  );
}

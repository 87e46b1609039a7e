/** ListObjects (version 1). */
import { el, optional } from "@s3eg/shared/s3/xml.ts";
import { commonPrefixes, lastName, nameWriter, walk } from "../s3/listing.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";
import { contentsOf, liveObject } from "./listed-object.ts";

/** `GET /bucket`. */
export const listObjects: Operation = {
  name: "ListObjects",
  method: "GET",
  on: "bucket",
  parameters: ["prefix", "delimiter", "marker", "max-keys", "encoding-type"],
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const { query } = request;
    const maxKeys = wholeNumber(request, "max-keys", { fallback: 1000 });
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const after = query.get("marker") ?? "";
    const write = nameWriter(request);
    const page = walk(
      bucket.keys,
      { prefix, delimiter, after, maxNames: Math.min(maxKeys, 1000) },
      (key) => liveObject(bucket, key),
    );
    const next = page.isTruncated && delimiter !== "" ? lastName(page) : undefined;
    return {
      status: 200,
      xml: el(
        "ListBucketResult",
        el("Name", bucket.name),
        el("Prefix", write(prefix)),
        el("Marker", write(after)),
        next === undefined ? undefined : el("NextMarker", write(next)),
        el("MaxKeys", maxKeys),
        delimiter === "" ? undefined : el("Delimiter", write(delimiter)),
        optional("EncodingType", query.get("encoding-type")),
        el("IsTruncated", page.isTruncated),
        ...contentsOf(page, { write, hasOwner: true }),
        ...commonPrefixes(page, write),
      ),
    };
  },
};

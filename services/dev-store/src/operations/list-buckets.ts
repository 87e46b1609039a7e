/** ListBuckets, with its paging. */
import { el, optional } from "@s3eg/shared/s3/xml.ts";
import { isoSeconds } from "../s3/object-headers.ts";
import { ownerElement } from "../s3/owner.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";
import { compareKeys } from "../store/key-order.ts";

/** `GET /`. */
export const listBuckets: Operation = {
  name: "ListBuckets",
  method: "GET",
  on: "service",
  parameters: ["max-buckets", "prefix", "continuation-token", "bucket-region"],
  async run(request, { store }) {
    const maxBuckets = wholeNumber(request, "max-buckets", {
      min: 1,
      max: 10_000,
      fallback: 10_000,
    });
    const prefix = request.query.get("prefix") ?? "";
    const after = request.query.get("continuation-token") ?? "";
    const found = store
      .buckets()
      .filter(({ name }) => name.startsWith(prefix) && compareKeys(name, after) > 0);
    const page = found.slice(0, maxBuckets);
    const next = found.length > page.length ? page.at(-1)?.name : undefined;
    return {
      status: 200,
      xml: el(
        "ListAllMyBucketsResult",
        ownerElement(),
        el(
          "Buckets",
          ...page.map(({ name, createdAt }) =>
            el("Bucket", el("Name", name), el("CreationDate", isoSeconds(createdAt))),
          ),
        ),
        optional("Prefix", request.query.get("prefix")),
        optional("ContinuationToken", next),
      ),
    };
  },
};

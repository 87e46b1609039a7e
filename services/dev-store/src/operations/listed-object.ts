/** How objects stand in the two ListObjects. */
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import type { Page } from "../s3/listing.ts";
import { isoSeconds, quoted } from "../s3/object-headers.ts";
import { ownerElement } from "../s3/owner.ts";
import type { Bucket } from "../store/bucket.ts";
import type { ObjectVersion } from "../store/records.ts";

/** The object a key is listed as: none where the newest version is a delete marker. */
export function liveObject(bucket: Bucket, key: string): ObjectVersion[] {
  const version = bucket.find(key);
  return version?.kind === "object" ? [version] : [];
}

/** `<Contents>` of a page. */
export function contentsOf(
  page: Page<ObjectVersion>,
  { write, hasOwner }: { write: (name: string) => string; hasOwner: boolean },
): XmlNode[] {
  return page.listed.flatMap((one) =>
    one.kind === "prefix"
      ? []
      : [
          el(
            "Contents",
            el("Key", write(one.key)),
            ...objectElements(one.item),
            hasOwner ? ownerElement() : undefined,
          ),
        ],
  );
}

/** What listings say about an object, its name and owner aside. */
export function objectElements(object: ObjectVersion): XmlNode[] {
  const { checksum } = object;
  return [
    el("LastModified", isoSeconds(object.modifiedAt)),
    el("ETag", quoted(object.etag)),
    ...(checksum
      ? [el("ChecksumAlgorithm", checksum.algorithm), el("ChecksumType", checksum.type)]
      : []),
    el("Size", object.size),
    el("StorageClass", object.storageClass),
  ];
}

/** Every feature there is a check for. */
import { accessFeatures } from "./access-features.ts";
import { checksumFeatures } from "./checksum-features.ts";
import { conditionFeatures } from "./condition-features.ts";
import { copyFeatures } from "./copy-features.ts";
import type { Feature } from "./feature.ts";
import { listingFeatures } from "./listing-features.ts";
import { multipartFeatures } from "./multipart-features.ts";
import { objectFeatures } from "./object-features.ts";
import { versionFeatures } from "./version-features.ts";

/** Features by what they are about; names are unique. */
export const allFeatures: Readonly<Record<string, readonly Feature[]>> = {
  objects: objectFeatures,
  conditions: conditionFeatures,
  checksums: checksumFeatures,
  multipart: multipartFeatures,
  listings: listingFeatures,
  versions: versionFeatures,
  "copies and tags": copyFeatures,
  access: accessFeatures,
};

/** The whole script, chapter by chapter. */
import { checksums, copies } from "./chapters/copies.ts";
import { keys, listings } from "./chapters/listings.ts";
import { conditions, objects, ranges } from "./chapters/objects.ts";
import { buckets, settings, versions } from "./chapters/settings.ts";
import { uploads } from "./chapters/uploads.ts";
import { type Chapter, PUT } from "./step.ts";

/** Every chapter, each beginning with the making of its bucket. */
export const CHAPTERS: readonly Chapter[] = [
  objects,
  ranges,
  conditions,
  listings,
  keys,
  copies,
  checksums,
  uploads,
  settings,
  buckets,
  versions,
].map(({ name, steps }) => ({ name, steps: [PUT("the bucket", ""), ...steps] }));

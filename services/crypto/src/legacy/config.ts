/** Settings of reading objects of format 1: `legacy` (docs/format-1.md). */
import { z } from "zod";

const COMMON_TYPES = [
  "text/plain",
  "text/plain; charset=utf-8",
  "application/json",
  "application/x-www-form-urlencoded",
  "application/xml",
  "text/html",
  "text/html; charset=utf-8",
  "text/csv",
  "application/gzip",
  "application/x-gzip",
  "application/zip",
  "application/x-tar",
  "application/pdf",
  "image/jpeg",
  "image/png",
  "video/mp4",
] as const;

/** `legacy`: what of format 1 is read. Whether it is, a bucket's `contents` says. */
export const LegacySection = z
  .strictObject({
    accept_forgeable: z
      .boolean()
      .default(false)
      .meta({ env: "LEGACY_ACCEPT_FORGEABLE" })
      .describe(
        "read objects that others than the holder of the keys can have made too: those under an RSA key, and those without associated data",
      ),
    content_types: z
      .array(z.string())
      .default([...COMMON_TYPES])
      .meta({ env: "LEGACY_CONTENT_TYPES" })
      .describe(
        "content types to try for objects that were authenticated with one and do not record it",
      ),
  })
  .prefault({});
export type LegacySection = z.infer<typeof LegacySection>;

/**
 * What `crypto` answers of sealed metadata where no object is read (format.md §11). Asked by edge. Transfers without bytes: what they carry
 * must not cross the bus in the clear.
 */
import { z } from "zod";
import { download, upload } from "./contract.ts";
import { Place } from "./keys.ts";

/** Header fields of metadata: a client's own and those that describe the content. */
const Metadata = z.record(z.string(), z.string());

/** Which object is meant, as its backend names it. */
const Target = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().optional(),
});

/**
 * The metadata of an object whose HEAD was read. Both values are the backend's answer's own, so that no second look may show another
 * object. The header is proven, too: an object whose flag was taken away does not pass for one without sealed metadata.
 */
export const openMetadata = download("open-metadata", {
  head: z.strictObject({
    target: Target,
    place: Place,
    /** The value of `x-amz-meta-s3eg`. */
    header: z.string(),
    /** The value of `x-amz-meta-s3eg-m`, where there is one. */
    sealed: z.string().optional(),
  }),
  /** Without metadata: they are not sealed. */
  result: z.object({ metadata: Metadata.optional() }),
});

/** Seals metadata under a header that was re-issued: its MAC is another, and so the former value would not open. */
export const sealMetadata = upload("seal-metadata", {
  head: z.strictObject({
    place: Place,
    /** The value of `x-amz-meta-s3eg`. */
    header: z.string(),
    metadata: Metadata,
  }),
  tail: z.strictObject({}),
  /** The value of `x-amz-meta-s3eg-m`. */
  result: z.object({ sealed: z.string() }),
});

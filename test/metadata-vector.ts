/** The frozen vectors of sealed metadata (test/vectors/README.md): their form. */
import type { FormatVector } from "./format-vector.ts";
import { readVectorFiles } from "./vector-files.ts";

/** Where the vectors lie. */
export const METADATA_VECTORS = new URL("./vectors/format-2-metadata/", import.meta.url);

/** One vector. Binary values are hex. */
export interface MetadataVector
  extends Pick<FormatVector, "description" | "section" | "dataKey" | "place" | "header"> {
  readonly expect: "success" | "metadata failure";
  /** The check that refuses it. */
  readonly failsAt?: "flag" | "parse" | "open" | "content";
  readonly kek: string;
  /** Value of x-amz-meta-s3eg-m; absent where there is none. */
  readonly value?: string;
  /** What is sealed in it: header fields by name, their values in hex. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The bytes that are sealed in it. */
  readonly plaintext?: string;
}

/** Every vector by its file name without `.json`. */
export function readMetadataVectors(): ReadonlyMap<string, MetadataVector> {
  return readVectorFiles(METADATA_VECTORS);
}

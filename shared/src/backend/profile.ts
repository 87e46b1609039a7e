/** What a provider of S3 storage is known to do otherwise than S3 (`backend.provider`, or its endpoint). */

/** Habits of a provider that decide how objects are stored. */
export interface BackendProfile {
  /** All parts of an upload but the last must have one size: so nothing of ours goes behind the last (format.md §7). */
  readonly needsEqualParts: boolean;
  /** May know no trailing checksums, and keeps nothing of a body that was cut: Ceph knows them since version 19 only. */
  readonly lacksTrailers: boolean;
  /** Heeds the condition on a copy's source under a name of its own alone. */
  readonly renamesCopyPin: boolean;
}

/** Profile of a provider by its name, or else by the host of its endpoint. */
export function profileOf(provider: string | undefined, endpoint: URL): BackendProfile {
  const name = provider?.toLowerCase();
  const isR2 =
    name === undefined
      ? endpoint.hostname.endsWith(".r2.cloudflarestorage.com")
      : ["r2", "cloudflare", "cloudflare-r2"].includes(name);
  const isCeph = name === "ceph";
  return { needsEqualParts: isR2, lacksTrailers: isCeph, renamesCopyPin: isCeph };
}

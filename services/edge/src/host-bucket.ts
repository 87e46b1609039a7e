/** Virtual-host addressing: the bucket in the host name (S3 user guide, "Virtual hosting of buckets"). */

/**
 * The bucket that a Host header names under one of `domains` (lower-case); undefined for path-style requests: a domain itself, or any
 * other host. The longest domain wins, so that one may lie under another.
 */
export function bucketOfHost(
  host: string | undefined,
  domains: readonly string[],
): string | undefined {
  // Host names know no case (RFC 9110 §4.2.3); bucket names that can be host names are lower-case.
  const name = (host ?? "").toLowerCase().replace(/:\d*$/, "");
  let found: string | undefined;
  for (const domain of domains) {
    if (name === domain) return undefined;
    const bucket = name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : "";
    if (bucket !== "" && bucket.length < (found ?? name).length) found = bucket;
  }
  return found;
}

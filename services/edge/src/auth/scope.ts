/** Where a credential's rights hold: buckets, or prefixes within buckets, as `buckets` of a credential names them. */

/** One entry: `bucket`, `bucket*`, `bucket/key` or `bucket/prefix*` (the bucket part may end in `*` too). */
export interface Scope {
  readonly bucket: Pattern;
  /** Absent: the whole bucket. */
  readonly key?: Pattern;
}

interface Pattern {
  readonly text: string;
  /** True if names may go on after `text`. */
  readonly isPrefix: boolean;
}

/** The entry as it is meant; `undefined` if it has a `*` anywhere but at the end of a part, or names no bucket. */
export function parseScope(entry: string): Scope | undefined {
  const slash = entry.indexOf("/");
  const bucket = patternOf(slash < 0 ? entry : entry.slice(0, slash));
  if (!bucket || (bucket.text === "" && !bucket.isPrefix)) return undefined;
  if (slash < 0) return { bucket };
  const key = patternOf(entry.slice(slash + 1));
  if (!key || (key.text === "" && !key.isPrefix)) return undefined;
  // `bucket/*` is all of it.
  return key.text === "" ? { bucket } : { bucket, key };
}

/** True if something of the bucket is within. */
export function touchesBucket(scope: Scope, bucket: string): boolean {
  return matches(scope.bucket, bucket);
}

/** True if the whole bucket is within. */
export function coversBucket(scope: Scope, bucket: string): boolean {
  return scope.key === undefined && matches(scope.bucket, bucket);
}

/** True if the object is within. */
export function coversKey(scope: Scope, bucket: string, key: string): boolean {
  return matches(scope.bucket, bucket) && (scope.key === undefined || matches(scope.key, key));
}

/** True if every key that begins with `prefix` is within. */
export function coversPrefix(scope: Scope, bucket: string, prefix: string): boolean {
  if (!matches(scope.bucket, bucket)) return false;
  return scope.key === undefined || (scope.key.isPrefix && prefix.startsWith(scope.key.text));
}

function patternOf(text: string): Pattern | undefined {
  const isPrefix = text.endsWith("*");
  const fixed = isPrefix ? text.slice(0, -1) : text;
  return fixed.includes("*") ? undefined : { text: fixed, isPrefix };
}

function matches({ text, isPrefix }: Pattern, name: string): boolean {
  return isPrefix ? name.startsWith(text) : name === text;
}

/**
 * ETag policy `opaque`: what a client sees is a pure function of the backend's ETag, so conditions can be mapped back and
 * evaluated by the backend (ARCHITECTURE.md, "ETags and listings"). A tag with a dash is no MD5, and clients know that.
 */

const SINGLE = /^"?([0-9a-fA-F]{32})"?$/;
const OPAQUE = /^"?([0-9a-fA-F]{32})-0"?$/;

/** The client's view of a backend ETag; quotes are kept as they are. A multipart ETag is the backend's own. */
export function clientEtag(etag: string): string {
  return SINGLE.test(etag) ? etag.replace(SINGLE, quoted(etag, "$1-0")) : etag;
}

/** The value of If-Match, If-None-Match and their copy-source forms, mapped for the backend. */
export function backendCondition(value: string): string {
  return value
    .split(",")
    .map((tag) => backendEtag(tag.trim()))
    .join(", ");
}

function backendEtag(tag: string): string {
  if (tag === "*") return tag;
  // Proxies on the way weaken tags; whether that still matches is the backend's to say (RFC 9110 §8.8.3.2).
  if (tag.startsWith("W/")) return `W/${backendEtag(tag.slice(2))}`;
  if (OPAQUE.test(tag)) return tag.replace(OPAQUE, quoted(tag, "$1"));
  // A tag without a dash was never given to a client: it must match nothing, also where it happens to be the backend's.
  return SINGLE.test(tag) ? tag.replace(SINGLE, quoted(tag, "$1-never")) : tag;
}

function quoted(like: string, inner: string): string {
  return like.startsWith('"') ? `"${inner}"` : inner;
}

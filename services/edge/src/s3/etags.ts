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

/** What an object's ETag is on the backend and what clients see of it, where one does not follow from the other (policy `md5`). */
export interface KnownEtag {
  readonly backend: string;
  readonly shown: string;
}

/** The value of If-Match, If-None-Match and their copy-source forms, mapped for the backend. `known`: the object's present ETag. */
export function backendCondition(value: string, known?: KnownEtag): string {
  return value
    .split(",")
    .map((tag) => backendEtag(tag.trim(), known))
    .join(", ");
}

function backendEtag(tag: string, known: KnownEtag | undefined): string {
  if (tag === "*") return tag;
  // Proxies on the way weaken tags; whether that still matches is the backend's to say (RFC 9110 §8.8.3.2).
  if (tag.startsWith("W/")) return `W/${backendEtag(tag.slice(2), known)}`;
  if (known && unquoted(tag) === unquoted(known.shown)) return quoted(tag, unquoted(known.backend));
  if (OPAQUE.test(tag)) return tag.replace(OPAQUE, quoted(tag, "$1"));
  // A tag without a dash was never given to a client: it must match nothing, also where it happens to be the backend's.
  return SINGLE.test(tag) ? tag.replace(SINGLE, quoted(tag, "$1-never")) : tag;
}

/** An ETag as headers have it: with the quotes that some backends leave out of documents. */
export function headerEtag(etag: string): string {
  return etag.startsWith('"') || etag.startsWith("W/") ? etag : `"${etag}"`;
}

function unquoted(tag: string): string {
  return tag.replace(/^"(.*)"$/, "$1");
}

function quoted(like: string, inner: string): string {
  return like.startsWith('"') ? `"${inner}"` : inner;
}

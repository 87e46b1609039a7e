/** Headers that every answer of the S3 port carries for browsers (MDN, "HTTP security headers"), whatever the request was. */
import type { ServerResponse } from "node:http";

const ALWAYS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // Says what X-Frame-Options says and no more: a stricter policy would hold for pages and pictures that are objects.
  "content-security-policy": "frame-ancestors 'none'",
} as const;

const HTTPS_ONLY = { "strict-transport-security": "max-age=31536000; includeSubDomains" } as const;

const NAMES: ReadonlySet<string> = new Set([...Object.keys(ALWAYS), ...Object.keys(HTTPS_ONLY)]);

/** Puts them on an answer. `isHttps`: clients reach the gateway by HTTPS alone (RFC 6797). */
export function setSecurityHeaders(res: ServerResponse, isHttps: boolean): void {
  for (const [name, value] of Object.entries(isHttps ? { ...ALWAYS, ...HTTPS_ONLY } : ALWAYS)) {
    res.setHeader(name, value);
  }
}

/** Takes off what an answer would have said that becomes an error, and leaves these. */
export function dropOtherHeaders(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) {
    if (!NAMES.has(name)) res.removeHeader(name);
  }
}

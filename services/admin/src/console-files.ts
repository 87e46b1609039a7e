/** The files of the console, as answers that need no token: nothing of the gateway is in them, the page asks for that with the token. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";

const FOLDER = join(import.meta.dirname, "console");
const PLACE = "/console/";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing but what lies here is loaded, run or asked; no script can be put into the page, nor the page into another. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

/** The answers by path; the page itself is at `/console/`. */
export function consoleFiles(): ReadonlyMap<string, SmallAnswer> {
  const names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  const files = names.flatMap((name): [string, SmallAnswer][] => {
    const type = CONTENT_TYPES[extname(name)];
    if (type === undefined) return [];
    const body = readFileSync(join(FOLDER, name), "utf8");
    const headers = { ...HEADERS, "content-type": type };
    return [[`${PLACE}${name === "index.html" ? "" : name}`, { status: 200, headers, body }]];
  });
  const moved = { status: 308, headers: { location: PLACE }, body: "" };
  return new Map([...files, [PLACE.slice(0, -1), moved]]);
}

/** The line that each request leaves in the log (settings `logging.access_log_format`, `logging.redact_headers`), without anything secret. */
import type { LogFields } from "@s3eg/shared/runtime/log.ts";
import { optional } from "./audit-trail.ts";
import type { Finished } from "./server.ts";

/** How requests are logged. */
export interface AccessLogStyle {
  readonly format: "default" | "json" | "clf";
  /** Names of headers whose values are not shown in `json`, beside those that never are. */
  readonly redactedHeaders: readonly string[];
}

const REDACTED = "[REDACTED]";
/** Credentials, keys of clients, and what clients say of their objects. */
const NEVER_SHOWN =
  /authorization|^cookie$|token|signature|credential|secret|password|encryption-(?:customer|key)|^x-amz-(?:meta-|tagging$)/;
/** Parameters whose values are no secret in any request (S3 API). What else a client sends as one is not shown. */
const SHOWN_PARAMETERS =
  /^(?:continuation-token|delimiter|encoding-type|fetch-owner|(?:key-|version-id-|upload-id-|part-number-)?marker|list-type|max-(?:keys|parts|uploads|buckets)|partNumber|prefix|start-after|uploadId|versionId|x-id|X-Amz-(?:Algorithm|Date|Expires|SignedHeaders))$/;

/** The fields of the line, under the names that the style has for them. */
export function accessFields(finished: Finished, style: AccessLogStyle): LogFields {
  if (style.format === "clf") return { clf: commonLine(finished) };
  const { req, clientIp, status, bytesOut, milliseconds, id } = finished;
  const [path = "", query] = (req.url ?? "").split(/\?(.*)/s);
  const common = {
    method: req.method ?? "",
    path,
    ...optional("query", shownQuery(query)),
    remote_addr: clientIp,
    ...optional("user_agent", req.headers["user-agent"]),
    status,
    duration_ms: Math.round(milliseconds * 1000) / 1000,
    bytes: bytesOut,
  };
  if (style.format === "default") return common;
  const timestamp = new Date().toISOString();
  const headers = shownHeaders(finished, style);
  return { json: JSON.stringify({ timestamp, ...common, request_id: id, headers }) };
}

/** The Common Log Format: host, user, time, request line, status, bytes. Whatever would end a field is escaped. */
function commonLine({ req, clientIp, sighting, status, bytesOut }: Finished): string {
  const target = escaped(shownUrl(req.url ?? ""));
  const user = escaped(sighting.principal?.accessKey ?? "").replaceAll(" ", "\\x20") || "-";
  const line = `${escaped(req.method ?? "")} ${target} HTTP/${req.httpVersion}`;
  return `${clientIp || "-"} - ${user} [${commonTime(new Date())}] "${line}" ${status} ${bytesOut}`;
}

/** `10/Oct/2000:13:55:36 +0000`. */
function commonTime(at: Date): string {
  const [, day, month, year, time] =
    /, (\d\d) (\w{3}) (\d{4}) ([\d:]+)/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

function escaped(text: string): string {
  return text.replaceAll(
    /["\\]|[^ -~]/gu,
    (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`,
  );
}

/** Also of a field that has one in it: referrers, and what proxies tell of the request, may be presigned. */
function shownUrl(url: string): string {
  const [path = "", query] = url.split(/\?(.*)/s);
  return query === undefined ? path : `${path}?${shownQuery(query)}`;
}

function shownQuery(query = ""): string {
  return query
    .split("&")
    .map((pair) => {
      const [name = "", value] = pair.split(/=(.*)/s);
      return value === undefined || value === "" || SHOWN_PARAMETERS.test(name)
        ? pair
        : `${name}=${REDACTED}`;
    })
    .join("&");
}

function shownHeaders({ req }: Finished, { redactedHeaders }: AccessLogStyle) {
  return Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => {
      const isShown = !(NEVER_SHOWN.test(name) || redactedHeaders.includes(name));
      return [name, isShown ? shownUrl([value ?? []].flat().join(", ")) : REDACTED];
    }),
  );
}

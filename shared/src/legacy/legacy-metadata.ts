/**
 * Which metadata objects of format 1 carry, and under which names (docs/format-1.md §2). Everything here is unauthenticated: it says how
 * an object wants to be opened, and only the tags of its chunks say that it was so.
 */
import type { HeaderFields } from "../backend/backend.ts";
import { Fault } from "../faults.ts";
import { HEADER_FIELD } from "../format/layout.ts";

const PREFIX = "x-amz-meta-";
/** Names as the first releases wrote them: with the prefix twice. */
const DOUBLED = `${PREFIX}${PREFIX}`;

/** Short names that programs built on the gateway's package used (docs/format-1.md §2). */
const ALIASES: Readonly<Record<string, string>> = {
  e: "encrypted",
  a: "encryption-algorithm",
  s: "encryption-key-salt",
  i: "encryption-iv",
  os: "encryption-original-size",
  oe: "encryption-original-etag",
  ct: "encryption-content-type",
  ccache: "encryption-cache-control",
  cdisp: "encryption-content-disposition",
  c: "encryption-chunked",
  cs: "encryption-chunk-size",
  cc: "encryption-chunk-count",
  m: "encryption-manifest",
  kv: "encryption-key-version",
  wk: "encryption-wrapped-key",
  kid: "encryption-kms-id",
  kp: "encryption-kms-provider",
  kdf: "encryption-kdf-params",
};

const GATEWAY_NAME =
  /^(?:encrypted|encrypted-mpu|encryption-.*|enc-(?:iv-deriv|legacy-no-aad|metadata)|compression-.*|original-content-length)$/;

/** The gateway's own metadata of an object of format 1, by full name without prefix. */
export type LegacyMetadata = ReadonlyMap<string, string>;

/**
 * The metadata of an object of format 1, under full names; undefined for an object that carries no mark of it. An object of format 2
 * carries none: what looks like one is its client's own metadata.
 */
export function legacyMetadataOf(headers: HeaderFields): LegacyMetadata | undefined {
  if (headers[HEADER_FIELD] !== undefined) return undefined;
  const named = new Map<string, string>();
  for (const [header, value] of Object.entries(headers)) {
    const name = nameOf(header);
    if (name !== undefined && GATEWAY_NAME.test(name)) named.set(name, value);
  }
  if (named.get("encrypted") === undefined && headers[`${PREFIX}e`] === "true") {
    for (const [alias, name] of Object.entries(ALIASES)) {
      const value = headers[`${PREFIX}${alias}`];
      if (value !== undefined && !named.has(name)) named.set(name, value);
    }
  }
  return isMarked(named) ? named : undefined;
}

/** True if one of the marks is there that make the gateway read an object as its own. */
function isMarked(metadata: LegacyMetadata): boolean {
  return metadata.get("encrypted") === "true" || metadata.get("encrypted-mpu") === "true";
}

/** The same, of the JSON that objects of the fallback layouts carry in front: a map with header names. */
export function legacyMetadataOfJson(json: Uint8Array): LegacyMetadata {
  const parsed: unknown = parseJson(json);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Fault("crypto.integrity", "metadata of the object is no JSON object");
  }
  const headers = Object.entries(parsed).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const fields = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return new Map(
    Object.entries(fields).flatMap(([header, value]) => {
      const name = nameOf(header);
      return name !== undefined && GATEWAY_NAME.test(name) ? [[name, value] as const] : [];
    }),
  );
}

/** True for a header that only the gateway reads: it is not shown to clients. */
export function isLegacyHeader(header: string): boolean {
  const name = nameOf(header);
  return name !== undefined && GATEWAY_NAME.test(name);
}

function nameOf(header: string): string | undefined {
  if (header.startsWith(DOUBLED)) return header.slice(DOUBLED.length);
  return header.startsWith(PREFIX) ? header.slice(PREFIX.length) : undefined;
}

function parseJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json).toString("utf8"));
  } catch (cause) {
    throw new Fault("crypto.integrity", "metadata of the object is no JSON", { cause });
  }
}

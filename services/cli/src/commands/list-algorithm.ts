/** `s3eg list-algorithm`: with which format and cipher, and under which key, each object of a bucket is stored. It takes no key. */
import type { Backend, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD, SUITE } from "@s3eg/shared/format/layout.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { EXIT, shown, ToolFailure, toolArguments, wholeNumberOf } from "../tool-arguments.ts";
import { openBackend } from "../wiring/backends.ts";

const USAGE =
  "usage: s3eg list-algorithm BUCKET [--prefix P] [--workers N] [--config FILE] [--log-level LEVEL] [--output text|json]";
const DEFAULT_WORKERS = 8;
const MAX_WORKERS = 128;

/** Text for the terminal: a count per kind. An object that goes away meanwhile is not counted. */
export async function listAlgorithm(args: readonly string[], env: Env): Promise<string> {
  const given = toolArguments(args, env, { named: ["prefix", "workers"], usage: USAGE });
  const [bucket, ...more] = given.operands;
  if (!bucket || more.length > 0) throw new ToolFailure(EXIT.usage, USAGE);
  const { prefix = "" } = given.options;
  const workers = wholeNumberOf(given.options.workers, 1) ?? DEFAULT_WORKERS;
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], given.env);
  const log = createLog({ service: "cli", level: "error" });
  await using backend = openBackend(config.backend, { identities: [], log });
  const counts = new Map<string, number>();
  let total = 0;
  const keys = listed(backend, bucket, prefix);
  const work = async () => {
    for await (const key of keys) {
      const kind = await kindOf(backend, bucket, key);
      if (kind === undefined) continue;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      total += 1;
    }
  };
  // An async generator hands each key to one of those who ask.
  await Promise.all(Array.from({ length: Math.min(workers, MAX_WORKERS) }, work));
  const sorted = [...counts].sort(([a], [b]) => a.localeCompare(b));
  if (given.isJson) {
    return shown({ bucket, prefix, objects: total, algorithms: Object.fromEntries(sorted) }, true);
  }
  return [...sorted, ["objects", total]]
    .map(([kind, n]) => `${String(n).padStart(10)}  ${kind}\n`)
    .join("");
}

async function* listed(backend: Backend, bucket: string, prefix: string): AsyncGenerator<string> {
  let token: string | undefined;
  do {
    const query: [string, string][] = [
      ["list-type", "2"],
      ["encoding-type", "url"],
      ["prefix", prefix],
      ...(token === undefined ? [] : [["continuation-token", token] satisfies [string, string]]),
    ];
    const response = await backend.send({ method: "GET", bucket, query, requestId: "list" });
    if (response.status !== 200) throw await backendFault(response);
    const page = parseXml(await response.text());
    for (const object of page.all("Contents")) yield decoded(object.textOf("Key") ?? "", page);
    const isMore = page.textOf("IsTruncated") === "true";
    token = isMore ? page.textOf("NextContinuationToken") : undefined;
    if (isMore && !token) throw new Fault("backend.unavailable", "listing breaks off");
  } while (token !== undefined);
}

/** A backend that does not know `encoding-type` gives keys as they are. */
function decoded(key: string, page: { textOf(name: string): string | undefined }): string {
  if (page.textOf("EncodingType") !== "url") return key;
  return decodeURIComponent(key.replaceAll("+", "%20"));
}

async function kindOf(backend: Backend, bucket: string, key: string): Promise<string | undefined> {
  const response = await backend.send({ method: "HEAD", bucket, key, requestId: "list" });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw await backendFault(response);
  return kindOfHeaders(response.headers);
}

function kindOfHeaders(headers: HeaderFields): string {
  const value = headers[HEADER_FIELD];
  if (value !== undefined) return sealedKind(value);
  const metadata = legacyMetadataOf(headers);
  if (!metadata) return "plain";
  const isMultipart = metadata.get("encrypted-mpu") === "true";
  const algorithm =
    metadata.get("encryption-algorithm") ?? (isMultipart ? "multipart" : "AES256-GCM");
  const provider =
    metadata.get("encryption-kms-provider") ?? (isMultipart ? "manifest" : "password");
  const version = metadata.get("encryption-key-version");
  return `format 1  ${algorithm}  ${provider}${version ? ` version ${version}` : ""}`;
}

function sealedKind(value: string): string {
  try {
    const { suite, provider, keyId, keyVersion } = decodeHeader(value);
    const cipher = suite === SUITE.aes256Gcm ? "AES-256-GCM" : "ChaCha20-Poly1305";
    return `format 2  ${cipher}  ${provider} "${keyId}" version ${keyVersion}`;
  } catch (error) {
    if (!isFault(error, "crypto.integrity")) throw error;
    return "format 2  malformed header";
  }
}

/** `s3eg inspect`: what lies on the backend under a key, as far as it can be told without any key (format.md §4, §6). */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD, METADATA_FIELD, SUITE } from "@s3eg/shared/format/layout.ts";
import { chunkCountOf, storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { sealedBytesOf, sealsMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { openBackend } from "../wiring/backends.ts";

/** Text for the terminal. Nothing in it is verified: that takes the key. */
export async function inspect(args: readonly string[], env: Env): Promise<string> {
  const [bucket, key, ...more] = args;
  if (bucket === undefined || key === undefined || more.length > 0) {
    throw new Fault("input.invalid", "usage: s3eg inspect BUCKET KEY");
  }
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const log = createLog({ service: "cli", level: "warn" });
  await using backend = openBackend(config.backend, { identities: [], log });
  const response = await backend.send({ method: "HEAD", bucket, key, requestId: "inspect" });
  if (response.status !== 200) throw await backendFault(response);
  const storedSize = Number(response.headers["content-length"]);
  const header = response.headers[HEADER_FIELD];
  const lines = [
    ["object", `${bucket}/${key}`],
    ["stored bytes", storedSize],
    ["backend ETag", response.headers.etag ?? ""],
    ...(header === undefined
      ? [["format", "not sealed by this gateway: no x-amz-meta-s3eg"]]
      : sealedLines(decodeHeader(header), storedSize)),
    ...metadataLines(header, response.headers[METADATA_FIELD]),
  ];
  return lines.map(([name, value]) => `${String(name).padEnd(20)}${value}\n`).join("");
}

/** How much is sealed, and whether header and value contradict each other: then the object is not opened. */
function metadataLines(header: string | undefined, value: string | undefined): [string, string][] {
  const isSaid = header !== undefined && sealsMetadata(decodeHeader(header));
  if (!isSaid && value === undefined) return [];
  const bytes = sealedBytesOf(value ?? "");
  const told = [
    ...(value === undefined ? ["MISSING"] : [bytes === undefined ? "MALFORMED" : `${bytes} bytes`]),
    ...(isSaid ? [] : ["THE HEADER DOES NOT SAY SO"]),
  ];
  return [["sealed metadata", told.join(", ")]];
}

function sealedLines(header: ObjectHeader, storedSize: number): [string, string | number][] {
  const size = header.plaintextSize;
  const flags = Object.entries(FLAG).filter(([, flag]) => (header.flags & flag) !== 0);
  return [
    ["format", "2, sealed"],
    ["cipher", header.suite === SUITE.aes256Gcm ? "AES-256-GCM" : "ChaCha20-Poly1305"],
    ["flags", flags.map(([name]) => name).join(", ") || "none"],
    ["plaintext bytes", size ?? "in the manifest (multipart)"],
    ...(size === undefined
      ? []
      : ([["chunks", chunkCountOf(size)]] as const).map(([a, b]): [string, number] => [a, b])),
    ["size is consistent", size === undefined || storedSizeOf(size) === storedSize ? "yes" : "NO"],
    ["created", new Date(header.createdAtMs).toISOString()],
    ["key provider", header.provider],
    ["key id", header.keyId],
    ["key version", header.keyVersion],
    ["wrapped key bytes", header.wrappedKey.byteLength],
    ["object id", Buffer.from(header.objectId).toString("hex")],
    ["commitment", Buffer.from(header.commitment).toString("hex")],
  ];
}

/** `s3eg decrypt`: opens an object without gateway, backend or network: its stored bytes, its metadata and the KEK are enough (format.md §1). */
import { createWriteStream } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { partMetadata } from "@s3eg/shared/format/metadata.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { exportedKeyOf, unusedKey } from "../../../keys/src/custody/configured-exported-key.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { EXIT, shown, ToolFailure, toolArguments, wholeNumberOf } from "../tool-arguments.ts";
import { startOpener } from "../wiring/opener.ts";
import { backendOfFiles, type StoredFile } from "../wiring/stored-files.ts";

const USAGE = `usage: s3eg decrypt BUCKET KEY --object FILE --metadata FILE --out FILE
       [--bound-to NAME] [--parts N] [--companion FILE [--companion-metadata FILE]] [--exported-key SOURCE]

  --metadata  JSON: what "aws s3api head-object" prints, or a map of header names and values
  --bound-to  the bucket's name when the object was sealed (bind_as), where it is another
  --parts     the N of the backend's ETag "…-N", where the metadata has no ETag
  --companion the stored object KEY[.…].mpu-manifest, where there is one
  --exported-key  env:NAME, file:/path or base64:…: the key of KMIP, PKCS#11 or Transit that it is under, taken out of its store`;
const COMPANION_SUFFIX = ".mpu-manifest";

/** Text for the terminal. The file is there under its name only once every byte of it was verified. */
export async function decrypt(args: readonly string[], env: Env): Promise<string> {
  const named = [
    "object",
    "metadata",
    "out",
    "bound-to",
    "parts",
    "companion",
    "companion-metadata",
    "exported-key",
  ];
  const given = toolArguments(args, env, { named, usage: USAGE });
  const [bucket, key, ...more] = given.operands;
  const { object, metadata, out, companion } = given.options;
  const isComplete = bucket && key && object && metadata && out && more.length === 0;
  if (!isComplete) throw new ToolFailure(EXIT.usage, USAGE);
  const source = given.options["exported-key"];
  const exportedKey = source === undefined ? undefined : exportedKeyOf(source, env);
  const settings = exportedKey ? { ...given.env, ...unusedKey() } : given.env;
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], settings);
  const parts = wholeNumberOf(given.options.parts, 1);
  const stored = { path: object, headers: withParts(await headersOf(metadata), parts) };
  const beside = companion && {
    path: companion,
    headers: await headersOf(given.options["companion-metadata"]),
  };
  const log = createLog({ service: "cli", level: "warn" });
  await using backend = backendOfFiles((asked) => fileOf(asked, { key, stored, beside }));
  await using opener = await startOpener({ config, env: settings, log, exportedKey }, backend);
  const boundTo = given.options["bound-to"] ?? bucket;
  const opened = await opener.open({ bucket, key, boundTo, contents: "sealed+legacy" });
  await writeWhole(opened.body, out);
  const facts = { object: `${bucket}/${key}`, "plaintext bytes": opened.size, file: out };
  const isHidden = stored.headers[METADATA_FIELD] !== undefined;
  const fields = isHidden ? textOf(partMetadata(opened.headers).metadata, given.isJson) : {};
  return shown(
    { ...facts, ...(given.isJson && isHidden ? { metadata: fields } : fields) },
    given.isJson,
  );
}

/** Opened metadata as text; what could steer a terminal is not shown to one. */
function textOf(metadata: HeaderFields, isJson: boolean): HeaderFields {
  const texts = Object.entries(metadata).map(([name, value]) => {
    const text = Buffer.from(value, "latin1").toString("utf8");
    return [name, isJson ? text : text.replaceAll(/\p{Cc}/gu, "?")] as const;
  });
  return Object.fromEntries(texts);
}

function fileOf(
  asked: string,
  known: { key: string; stored: StoredFile; beside: StoredFile | "" | undefined },
): StoredFile | undefined {
  if (asked === known.key) return known.stored;
  return known.beside && asked.endsWith(COMPANION_SUFFIX) ? known.beside : undefined;
}

/** How many parts an object has is in its ETag alone: a file needs one made up. */
function withParts(headers: HeaderFields, parts: number | undefined): HeaderFields {
  const etag = headers.etag ?? '"0"';
  return { ...headers, etag: parts === undefined ? etag : `"${"0".repeat(32)}-${parts}"` };
}

const CONTENT_FIELDS: Readonly<Record<string, string>> = {
  ETag: "etag",
  ContentType: "content-type",
  ContentEncoding: "content-encoding",
};

/** Header fields of a file of metadata, in either of its forms. `input.invalid` for one that is neither. */
async function headersOf(path: string | undefined): Promise<HeaderFields> {
  if (path === undefined) return {};
  const parsed = jsonOf(await readFile(path, "utf8"), path);
  const { Metadata: metadata } = parsed;
  if (typeof metadata !== "object" || metadata === null) return textsOf(parsed);
  const user = Object.entries(textsOf(metadata)).map(
    ([name, value]) => [`x-amz-meta-${name}`, value] as const,
  );
  const own = Object.entries(CONTENT_FIELDS).flatMap(([name, header]) => {
    const value = parsed[name];
    return typeof value === "string" ? [[header, value] as const] : [];
  });
  return Object.fromEntries([...user, ...own]);
}

function jsonOf(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { ...parsed };
    }
  } catch {
    // Said below: the text may hold what must not be shown.
  }
  throw new Fault("input.invalid", `${path}: is not a JSON object`);
}

function textsOf(record: object): HeaderFields {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      typeof value === "string" ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
}

/** Writes beside the file and renames it at the end; what is not whole is removed. */
async function writeWhole(body: Body, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const stream = createWriteStream(partial, { flags: "wx", mode: 0o600 });
  const written = finished(stream);
  written.catch(() => undefined);
  try {
    await body.pump((piece) => writeTo(stream, piece));
    stream.end();
    await written;
    await rename(partial, path);
  } catch (error) {
    body.destroy(error);
    stream.destroy();
    const isOurs = errorCodeOf(error) !== "EEXIST";
    if (isOurs) await rm(partial, { force: true });
    throw error;
  }
}

async function writeTo(
  stream: ReturnType<typeof createWriteStream>,
  piece: Uint8Array,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

/** `s3eg verify-key`: which key version an object is sealed under, and that it opens with the keys configured now. */
import type { BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { EXIT, shown, ToolFailure, toolArguments, wholeNumberOf } from "../tool-arguments.ts";
import { openBackend } from "../wiring/backends.ts";
import { startOpener } from "../wiring/opener.ts";

const USAGE =
  "usage: s3eg verify-key BUCKET KEY [--key-version N] [--bound-to NAME] [--config FILE] [--log-level LEVEL] [--output text|json]";

/** Which key an object names. */
interface NamedKey {
  readonly format: 1 | 2;
  readonly provider: string;
  readonly keyId: string;
  /** 0 where the key store picks versions itself, or the object names none. */
  readonly keyVersion: number;
}

/** Text for the terminal. Exit codes: 1 it does not open, 3 there is no such object, 4 it is sealed under another version. */
export async function verifyKey(args: readonly string[], env: Env): Promise<string> {
  const given = toolArguments(args, env, { named: ["key-version", "bound-to"], usage: USAGE });
  const [bucket, key, ...more] = given.operands;
  if (!bucket || !key || more.length > 0) throw new ToolFailure(EXIT.usage, USAGE);
  const wanted = wholeNumberOf(given.options["key-version"], 0);
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], given.env);
  const log = createLog({ service: "cli", level: "error" });
  await using backend = openBackend(config.backend, { identities: [], log });
  const response = await backend.send({ method: "HEAD", bucket, key, requestId: "verify-key" });
  if (response.status === 404) throw new ToolFailure(EXIT.notFound, `no object ${bucket}/${key}`);
  if (response.status !== 200) throw await backendFault(response);
  const named = namedKeyOf(response);
  if (!named) throw new ToolFailure(EXIT.failed, `${bucket}/${key} is not sealed`);
  if (wanted !== undefined && wanted !== named.keyVersion) {
    const text = `${bucket}/${key} is sealed under key version ${named.keyVersion}, not ${wanted}`;
    throw new ToolFailure(EXIT.versionMismatch, text);
  }
  await using opener = await startOpener({ config, env: given.env, log }, backend);
  const boundTo = given.options["bound-to"] ?? bucket;
  await openFirstByte(() =>
    opener.open({ bucket, key, boundTo, contents: "sealed+legacy", range: { first: 0, last: 0 } }),
  );
  const facts = {
    object: `${bucket}/${key}`,
    format: named.format,
    "key provider": named.provider,
    "key id": named.keyId,
    "key version": named.keyVersion,
    "opens with it": "yes",
  };
  return shown(facts, given.isJson);
}

function namedKeyOf({ headers }: BackendResponse): NamedKey | undefined {
  const value = headers[HEADER_FIELD];
  if (value !== undefined) {
    const { provider, keyId, keyVersion } = decodeHeader(value);
    return { format: 2, provider, keyId, keyVersion };
  }
  const metadata = legacyMetadataOf(headers);
  if (!metadata) return undefined;
  return {
    format: 1,
    provider: metadata.get("encryption-kms-provider") ?? "password",
    keyId: metadata.get("encryption-kms-id") ?? "",
    keyVersion: Number(metadata.get("encryption-key-version") ?? 0),
  };
}

/** An empty object has no first byte; that it is empty is authenticated before it is said. */
async function openFirstByte(
  open: () => Promise<{ body: { pump(take: () => void): Promise<void> } }>,
): Promise<void> {
  try {
    const { body } = await open();
    await body.pump(() => undefined);
  } catch (error) {
    if (!isFault(error, "crypto.invalid-range")) throw error;
  }
}

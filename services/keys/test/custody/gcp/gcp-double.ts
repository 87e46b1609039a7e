/** A double of Google Cloud KMS over HTTP: AES-GCM with associated data, checksums both ways, versions within ciphertexts, tokens that a service account signs. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  randomBytes,
  verify,
} from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createDigest } from "@s3eg/shared/s3/checksums.ts";
import { setForSdk } from "../sdk-environment.ts";

interface Asked {
  /** Resource name of the key, or of a version. */
  readonly name: string;
  readonly action: string;
  readonly input: Readonly<Record<string, string | undefined>>;
}

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** What Google says instead of a result (google.rpc.Status as JSON). */
export function refusal(code: number, status: string): Answer {
  return { status: code, body: { error: { code, status, message: "because of c2VjcmV0" } } };
}

/** The resource name of a key. */
export function gcpKey(name: string): string {
  return `projects/a-project/locations/europe-west3/keyRings/gateway/cryptoKeys/${name}`;
}

/** CRC32C as answers have it: decimal digits. */
export function crc32cOf(bytes: Uint8Array): string {
  const digest = createDigest("crc32c");
  digest.update(bytes);
  return String(digest.digest().readUInt32BE());
}

const SIGNER = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Lets the SDK of this process in to every double, by a file with a service account that goes when it is disposed of. */
export async function letSdkIn(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-gcp-"));
  const path = join(folder, "account.json");
  const private_key = SIGNER.privateKey.export({ type: "pkcs8", format: "pem" });
  const client_email = "keys@a-project.iam.gserviceaccount.com";
  const account = { type: "service_account", project_id: "a-project", private_key_id: "1" };
  await writeFile(path, JSON.stringify({ ...account, private_key, client_email }), { mode: 0o600 });
  setForSdk({ GOOGLE_APPLICATION_CREDENTIALS: path });
  return { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Ciphertexts: hash of the key's name, number of its version, nonce, ciphertext and tag. */
export class GcpDouble implements AsyncDisposable {
  readonly #server: Server;
  /** Material of the versions of keys, by resource name; the last one wraps. */
  readonly keys = new Map<string, Buffer[]>();
  /** Keys whose versions may not be used. */
  readonly disabled = new Set<string>();
  /** Each question, once it was let in. */
  readonly asked: Asked[] = [];
  /** Answers in its place; `undefined` lets it do it. */
  override: ((asked: Asked) => Answer | Promise<Answer> | undefined) | undefined;
  /** Changes an answer before it is sent. */
  bend: ((body: Record<string, unknown>) => Record<string, unknown>) | undefined;
  readonly origin: string;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Starts one that holds the given keys, with one version each. */
  static async start(...names: string[]): Promise<GcpDouble> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const double = new GcpDouble(server);
    for (const name of names) double.keys.set(name, [randomBytes(32)]);
    server.on("request", (request: IncomingMessage, response) => {
      double.#answer(request).then(
        ({ status = 200, body }) => {
          response.writeHead(status, { "content-type": "application/json" });
          response.end(typeof body === "string" ? body : JSON.stringify(body));
        },
        () => response.destroy(),
      );
    });
    return double;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const body = await text(request);
    if (!isSigned(request.headers.authorization ?? "")) return refusal(401, "UNAUTHENTICATED");
    const { pathname } = new URL(request.url ?? "", this.origin);
    const [, name = "", action = ""] = /^\/v1\/(.+):(encrypt|decrypt)$/.exec(pathname) ?? [];
    const asked = { name, action, input: JSON.parse(body) as Asked["input"] };
    this.asked.push(asked);
    const instead = await this.override?.(asked);
    if (instead) return instead;
    const result = this.#result(asked);
    const isBent = this.bend && result.status === undefined;
    return isBent ? { body: this.bend?.(result.body as Record<string, unknown>) } : result;
  }

  #result({ name, action, input }: Asked): Answer {
    const versions = this.keys.get(name);
    if (!versions) return refusal(404, "NOT_FOUND");
    if (this.disabled.has(name)) return refusal(400, "FAILED_PRECONDITION");
    for (const field of ["plaintext", "ciphertext", "additionalAuthenticatedData"] as const) {
      const sum = input[`${field}Crc32c`];
      if (sum !== undefined && sum !== crc32cOf(bytesOf(input[field]))) {
        return refusal(400, "INVALID_ARGUMENT");
      }
    }
    const aad = bytesOf(input.additionalAuthenticatedData);
    if (action === "encrypt") {
      const ciphertext = sealed(name, versions, { plaintext: bytesOf(input.plaintext), aad });
      return {
        body: {
          name: `${name}/cryptoKeyVersions/${versions.length}`,
          ciphertext: ciphertext.toString("base64"),
          ciphertextCrc32c: crc32cOf(ciphertext),
          verifiedPlaintextCrc32c: input.plaintextCrc32c !== undefined,
          verifiedAdditionalAuthenticatedDataCrc32c:
            input.additionalAuthenticatedDataCrc32c !== undefined,
          protectionLevel: "SOFTWARE",
        },
      };
    }
    const plaintext = opened(name, versions, { ciphertext: bytesOf(input.ciphertext), aad });
    if (!plaintext) return refusal(400, "INVALID_ARGUMENT");
    return {
      body: {
        plaintext: plaintext.toString("base64"),
        plaintextCrc32c: crc32cOf(plaintext),
        usedPrimary: true,
        protectionLevel: "SOFTWARE",
      },
    };
  }
}

/** True for a token of the service account, for the whole of the cloud or for KMS, which is not over. */
function isSigned(authorization: string): boolean {
  const [, header = "", claims = "", signature = ""] =
    /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization) ?? [];
  const signed = Buffer.from(`${header}.${claims}`);
  const isGenuine = verify("sha256", signed, SIGNER.publicKey, Buffer.from(signature, "base64url"));
  if (!isGenuine) return false;
  const { scope = "", exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as {
    scope?: string;
    exp: number;
  };
  return exp > Date.now() / 1000 && scope.includes("https://www.googleapis.com/auth/cloudkms");
}

function bytesOf(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? "", "base64");
}

function keyHash(name: string): Buffer {
  return createHash("sha256").update(name).digest().subarray(0, 8);
}

function sealed(
  name: string,
  versions: readonly Buffer[],
  { plaintext, aad }: { plaintext: Buffer; aad: Buffer },
): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", versions.at(-1) ?? "", nonce).setAAD(aad);
  const bytes = [cipher.update(plaintext), cipher.final()];
  const head = [keyHash(name), Buffer.of(versions.length), nonce];
  return Buffer.concat([...head, ...bytes, cipher.getAuthTag()]);
}

function opened(
  name: string,
  versions: readonly Buffer[],
  { ciphertext, aad }: { ciphertext: Buffer; aad: Buffer },
): Buffer | undefined {
  const material = versions[(ciphertext[8] ?? 0) - 1];
  if (!material || !ciphertext.subarray(0, 8).equals(keyHash(name))) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", material, ciphertext.subarray(9, 21));
    decipher.setAAD(aad).setAuthTag(ciphertext.subarray(-16));
    return Buffer.concat([decipher.update(ciphertext.subarray(21, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

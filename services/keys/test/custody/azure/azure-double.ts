/** A double of a vault that is also a Managed HSM, and of a machine's token endpoint, over HTTP: RSA-OAEP-256, AES-GCM, challenges, disabled keys. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

type Material = Buffer | { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

interface Asked {
  readonly name: string;
  readonly version: string;
  readonly action: string;
  readonly input: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };

/** What Azure says instead of a result. */
export function refusal(status: number, code: string): Answer {
  return { status, body: { error: { code, message: "because of c2VjcmV0" } } };
}

/** One vault. */
export class AzureDouble implements AsyncDisposable {
  readonly #server: Server;
  /** Key material by `name/version`. */
  readonly keys = new Map<string, Material>();
  /** Those that may not be used, as `name/version`. */
  readonly disabled = new Set<string>();
  /** Each question that came with a token. */
  readonly asked: Asked[] = [];
  /** How many questions came without one. */
  challenges = 0;
  /** How long a question without token and body waits, in milliseconds: others may overtake it. */
  bodilessWaitMs = 0;
  /** Answers in its place; `undefined` lets it do it. */
  override: ((asked: Asked) => Answer | Promise<Answer> | undefined) | undefined;
  readonly origin: string;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<AzureDouble> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const double = new AzureDouble(server);
    server.on("request", (request: IncomingMessage, response) => {
      double.#answer(request).then(
        ({ status = 200, headers, body }) => {
          response.writeHead(status, { "content-type": "application/json", ...headers });
          response.end(typeof body === "string" ? body : JSON.stringify(body));
        },
        () => response.destroy(),
      );
    });
    return double;
  }

  /** Makes a key and tells what it is called: `name/version`. */
  async makeKey(
    kind: "rsa" | "aes",
    { name = "kek", version = randomBytes(16).toString("hex"), bits = 2048 } = {},
  ): Promise<string> {
    const material =
      kind === "aes"
        ? randomBytes(32)
        : await promisify(generateKeyPair)("rsa", { modulusLength: bits });
    this.keys.set(`${name}/${version}`, material);
    return `${name}/${version}`;
  }

  /** What says to the SDK where the machine's tokens are (App Service, "REST endpoint reference" of managed identities). */
  get tokenEnv(): Record<string, string> {
    return { IDENTITY_ENDPOINT: `${this.origin}/token`, IDENTITY_HEADER: "machine" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "", this.origin);
    if (url.pathname === "/token") return this.#token(request);
    const body = await text(request);
    if (request.headers.authorization !== "Bearer machine-token") {
      if (body === "") await sleep(this.bodilessWaitMs);
      return this.#challenge();
    }
    const [, name = "", version = "", action = ""] =
      /^\/keys\/([^/]+)\/([^/]+)\/([a-z]+)$/.exec(url.pathname) ?? [];
    const isJson = request.headers["content-type"] === "application/json" && body !== "";
    const input = isJson ? (JSON.parse(body) as Record<string, string>) : {};
    const asked = { name, version, action, input };
    this.asked.push(asked);
    return (await this.override?.(asked)) ?? this.#result(asked);
  }

  /** The SDK takes no token for a host that is not of the named domain: of an address, these are its last three parts. */
  #challenge(): Answer {
    this.challenges += 1;
    const parts = ['authorization="https://login.microsoftonline.com/tenant"'];
    const challenge = `Bearer ${[...parts, 'resource="vault://0.0.1"'].join(", ")}`;
    const { status, body } = refusal(401, "Unauthorized");
    return { status: status ?? 401, headers: { "www-authenticate": challenge }, body };
  }

  #token(request: IncomingMessage): Answer {
    if (request.headers["x-identity-header"] !== "machine") return refusal(401, "unauthorized");
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    return {
      body: { access_token: "machine-token", expires_on, resource: "", token_type: "Bearer" },
    };
  }

  #result({ name, version, action, input }: Asked): Answer {
    const material = this.keys.get(`${name}/${version}`);
    if (!material) return refusal(404, "KeyNotFound");
    if (this.disabled.has(`${name}/${version}`)) return refusal(403, "Forbidden");
    const value = Buffer.from(input.value ?? "", "base64url");
    const done = Buffer.isBuffer(material)
      ? aesResult(material, { action, input, value })
      : rsaResult(material, { action, input, value });
    if (!done) return refusal(400, "BadParameter");
    const kid = `${this.origin}/keys/${name}/${version}`;
    const fields = Object.entries(done).map(([field, bytes]) => [
      field,
      bytes.toString("base64url"),
    ]);
    return { body: { kid, ...(Object.fromEntries(fields) as Record<string, string>) } };
  }
}

interface Work {
  readonly action: string;
  readonly input: Asked["input"];
  readonly value: Buffer;
}

/** Undefined for what it can't do, or does not open. */
function rsaResult(
  { publicKey, privateKey }: Exclude<Material, Buffer>,
  { action, input, value }: Work,
): Record<string, Buffer> | undefined {
  if (input.alg !== "RSA-OAEP-256") return undefined;
  try {
    if (action === "wrapkey") return { value: publicEncrypt({ key: publicKey, ...OAEP }, value) };
    if (action !== "unwrapkey") return undefined;
    return { value: privateDecrypt({ key: privateKey, ...OAEP }, value) };
  } catch {
    return undefined;
  }
}

function aesResult(
  key: Buffer,
  { action, input, value }: Work,
): Record<string, Buffer> | undefined {
  if (input.alg !== "A256GCM") return undefined;
  const aad = Buffer.from(input.aad ?? "", "base64url");
  if (action === "encrypt") {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(aad);
    const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
    return { value: sealed, iv, tag: cipher.getAuthTag(), aad };
  }
  if (action !== "decrypt") return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(input.iv ?? "", "base64url"));
    decipher.setAAD(aad).setAuthTag(Buffer.from(input.tag ?? "", "base64url"));
    return { value: Buffer.concat([decipher.update(value), decipher.final()]) };
  } catch {
    return undefined;
  }
}

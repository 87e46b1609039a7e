/** A server that speaks of Transit what the custodian needs, with answers like those of OpenBao 2.7. The real one runs in e2e/. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly namespace: string | undefined;
  readonly token: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

type Answer = readonly [status: number, body: unknown];

/** Started on a free loopback port. */
export class TransitDouble implements AsyncDisposable {
  readonly #server: Server;
  readonly #key = randomBytes(32);
  readonly asked: Asked[] = [];
  /** Tokens that are good now. */
  readonly tokens = new Set(["root"]);
  /** Life of a token from a login, in seconds; 0: for ever. */
  ttlSeconds = 0;
  /** Answers every request on a key instead of doing it. */
  override: ((asked: Asked) => Answer | string | undefined) | undefined;
  keyType = "aes256-gcm96";
  hasKey = true;
  readonly origin: string;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<TransitDouble> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const double = new TransitDouble(server);
    server.on("request", (request: IncomingMessage, response) => {
      double.#read(request).then(
        (asked) => {
          const answer = double.#answer(asked);
          const [status, body] = typeof answer === "string" ? [200, answer] : answer;
          response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
        },
        () => response.destroy(),
      );
    });
    return double;
  }

  /** The ciphertext of something, without associated data. */
  encrypted(plaintext: Buffer): string {
    return this.#ciphertext(plaintext, "");
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.resolve();
  }

  async #read(request: IncomingMessage): Promise<Asked> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    };
    const asked: Asked = {
      method: request.method ?? "",
      path: request.url ?? "",
      namespace: header("x-vault-namespace"),
      token: header("x-vault-token"),
      fields: text === "" ? {} : (JSON.parse(text) as Record<string, string>),
    };
    this.asked.push(asked);
    return asked;
  }

  #answer(asked: Asked): Answer | string {
    const instead = this.override?.(asked);
    if (instead !== undefined) return instead;
    const { path, token = "", fields } = asked;
    if (path.endsWith("/login")) return this.#logIn(fields);
    if (!this.tokens.has(token)) return refusal(403, "permission denied");
    switch (path) {
      case "/v1/auth/token/lookup-self":
        return [200, { data: { ttl: this.ttlSeconds, renewable: this.ttlSeconds > 0 } }];
      case "/v1/auth/token/renew-self":
        return [200, this.#auth(token)];
      case "/v1/auth/token/revoke-self":
        this.tokens.delete(token);
        return [204, ""];
      case "/v1/transit/keys/kek":
        return this.hasKey ? [200, { data: { type: this.keyType } }] : [404, { errors: [] }];
      case "/v1/transit/encrypt/kek":
        return this.#encrypt(fields);
      case "/v1/transit/decrypt/kek":
        return this.#decrypt(fields);
      default:
        return [404, { errors: [] }];
    }
  }

  #logIn({ role_id, secret_id, role, jwt }: Asked["fields"]): Answer {
    const isGood = (role_id === "r" && secret_id === "s") || (role === "keys" && jwt === "j");
    if (!isGood) return refusal(400, "invalid role or secret ID");
    const token = `s.${this.tokens.size}`;
    this.tokens.add(token);
    return [200, this.#auth(token)];
  }

  #auth(client_token: string) {
    return { auth: { client_token, lease_duration: this.ttlSeconds, renewable: true } };
  }

  #encrypt({ plaintext = "", associated_data = "" }: Asked["fields"]): Answer {
    const ciphertext = this.#ciphertext(Buffer.from(plaintext, "base64"), associated_data);
    return [200, { request_id: "1", data: { ciphertext, key_version: 1 } }];
  }

  #ciphertext(plaintext: Buffer, associatedData: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    cipher.setAAD(Buffer.from(associatedData, "base64"));
    const sealed = [iv, cipher.update(plaintext), cipher.final()];
    return `vault:v1:${Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64")}`;
  }

  #decrypt({ ciphertext = "", associated_data = "" }: Asked["fields"]): Answer {
    const [, version, text = ""] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? [];
    if (version === undefined) return refusal(400, "invalid ciphertext: no prefix");
    if (version !== "1") return refusal(400, "invalid ciphertext: version is too new");
    const bytes = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(associated_data, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    try {
      const opened = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return [200, { request_id: "1", data: { plaintext: opened.toString("base64") } }];
    } catch {
      return refusal(400, "cipher: message authentication failed");
    }
  }
}

/** As OpenBao refuses. */
export function refusal(status: number, error: string): Answer {
  return [status, { errors: [error] }];
}

/** A double of AWS KMS, spoken to over HTTP: AES-GCM with the encryption context as associated data, aliases, key states. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Input {
  readonly KeyId: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext: Record<string, string>;
}

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

const REGION = "eu-central-1";

/** What AWS says instead of a result. */
export function exception(name: string, status = 400): Answer {
  return { status, body: { __type: name, message: "because" } };
}

/** One region of one account. Ciphertext blobs: hash of the key's id, nonce, ciphertext and tag. */
export class AwsKmsDouble implements AsyncDisposable {
  readonly #server: Server;
  /** Key material by id. */
  readonly keys = new Map<string, Buffer>();
  /** Aliases, with `alias/`, and the ids they point to. */
  readonly aliases = new Map<string, string>();
  /** Each call with what it was given. */
  readonly asked: { action: string; input: Input }[] = [];
  /** Answers in its place. */
  override: ((action: string) => Answer | undefined) | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(
        ({ status = 200, body }) => {
          response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
          response.end(typeof body === "string" ? body : JSON.stringify(body));
        },
        () => response.destroy(),
      );
    });
  }

  /** Starts one that holds the given keys. */
  static async start(...ids: string[]): Promise<AwsKmsDouble> {
    const double = new AwsKmsDouble();
    for (const id of ids) double.keys.set(id, randomBytes(32));
    await new Promise<void>((resolve) => double.#server.listen(0, "127.0.0.1", resolve));
    return double;
  }

  /** `http://127.0.0.1:PORT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const action = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    const input = JSON.parse(await text(request)) as Input;
    this.asked.push({ action, input });
    return this.override?.(action) ?? this.#result(action, input);
  }

  #result(action: string, { KeyId, Plaintext, CiphertextBlob, EncryptionContext }: Input): Answer {
    const name = KeyId.replace(/^arn:.*?:(?=alias\/)|^arn:.*:key\//, "");
    const id = this.aliases.get(name) ?? name;
    const material = this.keys.get(id);
    if (!material) return exception("NotFoundException");
    const arn = `arn:aws:kms:${REGION}:123456789012:key/${id}`;
    const associated = Buffer.from(JSON.stringify(EncryptionContext));
    if (action === "Encrypt") {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", material, nonce).setAAD(associated);
      const sealed = [cipher.update(Plaintext ?? "", "base64"), cipher.final()];
      const blob = Buffer.concat([keyHash(id), nonce, ...sealed, cipher.getAuthTag()]);
      return { body: { KeyId: arn, CiphertextBlob: blob.toString("base64") } };
    }
    const blob = Buffer.from(CiphertextBlob ?? "", "base64");
    const owner = [...this.keys.keys()].find((each) => blob.subarray(0, 8).equals(keyHash(each)));
    if (owner === undefined) return exception("InvalidCiphertextException");
    if (owner !== id) return exception("IncorrectKeyException");
    try {
      const decipher = createDecipheriv("aes-256-gcm", material, blob.subarray(8, 20));
      decipher.setAAD(associated).setAuthTag(blob.subarray(-16));
      const opened = Buffer.concat([decipher.update(blob.subarray(20, -16)), decipher.final()]);
      return { body: { KeyId: arn, Plaintext: opened.toString("base64") } };
    } catch {
      return exception("InvalidCiphertextException");
    }
  }
}

function keyHash(id: string): Buffer {
  return createHash("sha256").update(id).digest().subarray(0, 8);
}

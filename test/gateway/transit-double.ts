/** The Transit engine's encrypt and decrypt with one known key: for objects that were wrapped by a server that is gone. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Asked {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly associated_data?: string;
}

/** Serves a key of 32 bytes under any mount and name, as `vault:v1:` and nonce, ciphertext, tag in base64; associated data is held to. */
export async function startTransitDouble(
  key: Uint8Array,
  atPort = 0,
): Promise<{ address: string } & AsyncDisposable> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.method === "GET") return say(200, { data: { type: "aes256-gcm96" } });
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Asked;
    const binding = Buffer.from(asked.associated_data ?? "", "base64");
    if (request.url?.includes("/encrypt/")) {
      const plaintext = Buffer.from(asked.plaintext ?? "", "base64");
      return say(200, { data: { ciphertext: encrypted(key, plaintext, binding) } });
    }
    try {
      const plaintext = decrypted(key, asked.ciphertext ?? "", binding).toString("base64");
      return say(200, { data: { plaintext } });
    } catch {
      return say(400, { errors: ["cipher: message authentication failed"] });
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(atPort, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function encrypted(key: Uint8Array, plaintext: Uint8Array, binding: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(binding);
  const sealed = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return `vault:v1:${Buffer.concat(sealed).toString("base64")}`;
}

function decrypted(key: Uint8Array, ciphertext: string, binding: Uint8Array): Buffer {
  const bytes = Buffer.from(ciphertext.replace(/^vault:v1:/, ""), "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(binding);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const plain = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([plain, decipher.final()]);
}

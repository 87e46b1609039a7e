/** An upload in parts, request by request: nothing is retried, and a part may stop in the middle of its bytes. */
import { request as httpRequest } from "node:http";
import { type RawAnswer, type Signer, sendRaw, signRaw } from "../features/raw-request.ts";

/** A part as Complete names it. */
export interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** One upload under way. */
export class RawUpload {
  readonly uploadId: string;
  readonly #signer: Signer;
  readonly #path: string;

  /** Creates an upload; throws where that fails. `path` is `/bucket/key`. */
  static async begin(signer: Signer, path: string): Promise<RawUpload> {
    const answer = await sendRaw(signer, { method: "POST", path: `${path}?uploads=` });
    const uploadId = textOf(answer, "UploadId");
    if (uploadId === "") throw new Error(`not created: ${shown(answer)}`);
    return new RawUpload(signer, path, uploadId);
  }

  constructor(signer: Signer, path: string, uploadId: string) {
    this.#signer = signer;
    this.#path = path;
    this.uploadId = uploadId;
  }

  /** The same upload, asked for at another endpoint. */
  at(signer: Signer): RawUpload {
    return new RawUpload(signer, this.#path, this.uploadId);
  }

  async send(partNumber: number, body: Uint8Array): Promise<RawAnswer> {
    return await sendRaw(this.#signer, { method: "PUT", path: this.#partPath(partNumber), body });
  }

  /** Uploads a part that must be taken, and names it. */
  async part(partNumber: number, body: Uint8Array): Promise<NamedPart> {
    const answer = await this.send(partNumber, body);
    if (answer.status !== 200) throw new Error(`part ${partNumber} not taken: ${shown(answer)}`);
    return { partNumber, etag: answer.headers.etag ?? "" };
  }

  /** Uploads a part, and lets `inBetween` happen when half of its bytes are sent. Undefined where the connection broke. */
  async sendHalting(
    partNumber: number,
    body: Uint8Array,
    inBetween: () => Promise<unknown>,
  ): Promise<{ status: number; code: string } | undefined> {
    const path = this.#partPath(partNumber);
    const { headers } = signRaw(this.#signer, { method: "PUT", path, body });
    const { hostname, port } = new URL(this.#signer.endpoint);
    const request = httpRequest({ hostname, port, method: "PUT", path, headers, agent: false });
    const answered = new Promise<{ status: number; code: string } | undefined>((resolve) => {
      request.on("error", () => resolve(undefined));
      request.on("response", (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => {
          text += piece.toString();
        });
        response.on("error", () => resolve(undefined));
        response.on("end", () => {
          const code = /<Code>([^<]*)</.exec(text)?.[1] ?? "";
          resolve({ status: response.statusCode ?? 0, code });
        });
      });
    });
    const half = Math.floor(body.byteLength / 2);
    await new Promise<void>((resolve) => {
      request.once("error", () => resolve());
      request.write(body.subarray(0, half), () => resolve());
    });
    await inBetween();
    request.end(body.subarray(half));
    return await answered;
  }

  async complete(parts: readonly NamedPart[]): Promise<RawAnswer> {
    const nodes = parts.map(
      ({ partNumber, etag }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${nodes.join("")}</CompleteMultipartUpload>`;
    return await sendRaw(this.#signer, { method: "POST", path: this.#ownPath(), body });
  }

  async abort(): Promise<RawAnswer> {
    return await sendRaw(this.#signer, { method: "DELETE", path: this.#ownPath() });
  }

  async listParts(): Promise<RawAnswer> {
    return await sendRaw(this.#signer, { method: "GET", path: this.#ownPath() });
  }

  #ownPath(): string {
    return `${this.#path}?uploadId=${encodeURIComponent(this.uploadId)}`;
  }

  #partPath(partNumber: number): string {
    const uploadId = encodeURIComponent(this.uploadId);
    return `${this.#path}?partNumber=${partNumber}&uploadId=${uploadId}`;
  }
}

/** The text of the first element of that name in an answer, `""` where there is none. */
export function textOf({ body }: RawAnswer, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(body.toString())?.[1] ?? "";
  return found.replaceAll("&quot;", '"');
}

/** An answer in few words: status and code. */
export function shown({ status, code }: { status: number; code: string }): string {
  return code === "" ? String(status) : `${status} ${code}`;
}

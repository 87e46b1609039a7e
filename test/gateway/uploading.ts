/** A client's multipart uploads, request by request. */
import { hash } from "node:crypto";
import { BUCKET, type RunningGateway } from "./running-gateway.ts";
import { type Answer, pathOf } from "./wire-client.ts";

/** Plaintext bytes that every part but the last must hold. */
export const MIN_PART = 5 * 1024 * 1024;

type Headers = Readonly<Record<string, string>>;

/** A part as Complete names it. */
export interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
  /** More elements, as XML. */
  readonly more?: string;
}

/** One upload under way. */
export class Uploading {
  readonly path: string;
  readonly uploadId: string;
  /** The answer to Create. */
  readonly created: Answer;
  readonly #client: RunningGateway["client"];

  /** Creates an upload; throws where that fails. */
  static async begin(gateway: RunningGateway, key: string, headers: Headers = {}) {
    const path = pathOf(BUCKET, key);
    const created = await gateway.client.send("POST", path, { query: "uploads=", headers });
    if (created.status !== 200) throw new Error(`not created: ${created.text}`);
    return new Uploading(gateway, path, created);
  }

  private constructor(gateway: RunningGateway, path: string, created: Answer) {
    this.#client = gateway.client;
    this.path = path;
    this.created = created;
    this.uploadId = elementOf(created, "UploadId");
  }

  /** Uploads a part; the answer says how that went. */
  async send(partNumber: number, body: Uint8Array, headers: Headers = {}): Promise<Answer> {
    const query = `partNumber=${partNumber}&uploadId=${this.uploadId}`;
    return await this.#client.send("PUT", this.path, { query, body, headers });
  }

  /** Uploads a part that must be taken, and names it. */
  async part(partNumber: number, body: Uint8Array, headers: Headers = {}): Promise<NamedPart> {
    const answer = await this.send(partNumber, body, headers);
    if (answer.status !== 200) throw new Error(`part ${partNumber} not taken: ${answer.text}`);
    return { partNumber, etag: answer.headers.etag ?? "" };
  }

  /** UploadPartCopy. */
  async copy(partNumber: number, source: string, range?: string): Promise<Answer> {
    return await this.send(partNumber, Buffer.alloc(0), {
      "x-amz-copy-source": source,
      ...(range === undefined ? {} : { "x-amz-copy-source-range": range }),
    });
  }

  async complete(parts: readonly NamedPart[], headers: Headers = {}): Promise<Answer> {
    const nodes = parts.map(
      ({ partNumber, etag, more = "" }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag>${more}</Part>`,
    );
    const body = `<CompleteMultipartUpload>${nodes.join("")}</CompleteMultipartUpload>`;
    const query = `uploadId=${this.uploadId}`;
    return await this.#client.send("POST", this.path, { query, body, headers });
  }

  async abort(): Promise<Answer> {
    return await this.#client.send("DELETE", this.path, { query: `uploadId=${this.uploadId}` });
  }

  async listParts(query = ""): Promise<Answer> {
    return await this.#client.send("GET", this.path, {
      query: `${query}uploadId=${this.uploadId}`,
    });
  }
}

/** An object of these parts, by part number; completed in rising order, uploaded in the order given. */
export async function uploadParts(
  gateway: RunningGateway,
  key: string,
  parts: readonly (readonly [partNumber: number, body: Uint8Array])[],
): Promise<Answer> {
  const upload = await Uploading.begin(gateway, key);
  const named: NamedPart[] = [];
  for (const [partNumber, body] of parts) named.push(await upload.part(partNumber, body));
  return await upload.complete(named.sort((a, b) => a.partNumber - b.partNumber));
}

/** The text of the first element of that name, `""` where there is none. */
export function elementOf({ text }: Answer, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  return found.replaceAll("&quot;", '"');
}

/** The texts of all elements of that name. */
export function elementsOf({ text }: Answer, name: string): string[] {
  const found = text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"));
  return Array.from(found, ([, value = ""]) => value.replaceAll("&quot;", '"'));
}

/** Quoted MD5 of the parts' MD5s with their number, as S3 makes the ETag of a multipart object. */
export function multipartEtag(parts: readonly Uint8Array[]): string {
  const md5s = parts.map((part) => hash("md5", part, "buffer"));
  return `"${hash("md5", Buffer.concat(md5s))}-${parts.length}"`;
}

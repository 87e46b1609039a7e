/** A backend in memory: objects by key, ranges and conditions as S3 answers them. It keeps every request. */
import { hash } from "node:crypto";
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";

/** An object as it is stored. */
export interface MemoryObject {
  readonly bytes: Buffer;
  readonly headers: HeaderFields;
  readonly etag: string;
}

/** An answer of the backend. */
export function answerOf(
  status: number,
  headers: HeaderFields = {},
  bytes: Uint8Array = new Uint8Array(),
): BackendResponse {
  return {
    status,
    headers: { "content-length": String(bytes.byteLength), ...headers },
    body: bodyOfBytes(bytes),
    text: async () => Buffer.from(bytes).toString(),
  };
}

/** Answers from memory. */
export class MemoryBackend implements Backend {
  readonly objects = new Map<string, MemoryObject>();
  readonly requests: BackendRequest[] = [];
  /** Changes an answer, or gives another one. */
  intercept: (answer: BackendResponse, request: BackendRequest) => BackendResponse = (answer) =>
    answer;

  async send(request: BackendRequest): Promise<BackendResponse> {
    this.requests.push(request);
    return this.intercept(await this.#answer(request), request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** Stores an object and gives its ETag. */
  put(key: string, bytes: Buffer, headers: HeaderFields = {}): string {
    const etag = `"${hash("md5", bytes)}"`;
    this.objects.set(key, { bytes, headers, etag });
    return etag;
  }

  async #answer({
    method,
    key = "",
    headers = {},
    body,
  }: BackendRequest): Promise<BackendResponse> {
    if (method === "PUT") {
      if (headers["if-none-match"] === "*" && this.objects.has(key)) return answerOf(412);
      const sent =
        body && "body" in body
          ? await collectBody(body.body, body.sizeBytes, () => new Error("too much"))
          : Buffer.from(body ?? []);
      return answerOf(200, { etag: this.put(key, sent, headers), "x-amz-version-id": "v1" });
    }
    const found = this.objects.get(key);
    if (method === "DELETE") this.objects.delete(key);
    if (method === "DELETE") return answerOf(204);
    if (!found) return answerOf(404, {}, Buffer.from("<Error><Code>NoSuchKey</Code></Error>"));
    if (![undefined, found.etag].includes(headers["if-match"])) return answerOf(412);
    const about = { ...found.headers, etag: found.etag };
    if (method === "HEAD") {
      return answerOf(200, { ...about, "content-length": String(found.bytes.byteLength) });
    }
    return rangedAnswer(found.bytes, about, headers.range);
  }
}

function rangedAnswer(
  bytes: Buffer,
  about: HeaderFields,
  range: string | undefined,
): BackendResponse {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === "" && last === "") return answerOf(200, about, bytes);
  const start = first === "" ? Math.max(0, bytes.length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? bytes.length : Math.min(bytes.length, Number(last) + 1);
  if (start >= end) return answerOf(416);
  const contentRange = `bytes ${start}-${end - 1}/${bytes.length}`;
  return answerOf(206, { ...about, "content-range": contentRange }, bytes.subarray(start, end));
}

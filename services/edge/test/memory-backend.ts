/** A backend in memory: buckets, objects, conditions, copies and listings as far as edge uses them; it keeps every request. */
import { createHash } from "node:crypto";
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";

/** An answer of the backend. */
export function answer(status: number, headers: HeaderFields = {}, text = ""): BackendResponse {
  return { status, headers, body: bodyOfBytes(Buffer.from(text)), text: async () => text };
}

/** An error answer of the backend. */
export function refusal(status: number, code: string, message = code): BackendResponse {
  const body = xmlDocument(el("Error", el("Code", code), el("Message", message)));
  return answer(status, { "content-type": "application/xml" }, body);
}

interface StoredObject {
  readonly bytes: Buffer;
  readonly headers: HeaderFields;
  readonly etag: string;
}

/** Query, headers and body of a request, in a form that is easy to compare. */
export interface KeptRequest {
  readonly request: BackendRequest;
  readonly body: Buffer;
}

const KEPT = /^(?:x-amz-meta-|x-amz-storage-class|content-|cache-control|expires)/;

/** Answers from memory. */
export class MemoryBackend implements Backend {
  readonly objects = new Map<string, StoredObject>();
  readonly kept: KeptRequest[] = [];
  /** Answers in the backend's place, where it gives an answer. */
  intercept: (
    request: BackendRequest,
  ) => Promise<BackendResponse | undefined> | BackendResponse | undefined = () => undefined;

  async send(request: BackendRequest): Promise<BackendResponse> {
    const body = await bodyOf(request);
    this.kept.push({ request, body });
    return (await this.intercept(request)) ?? this.#answer(request, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** The last request of that method. */
  last(method: BackendRequest["method"]): KeptRequest {
    const found = this.kept.findLast(({ request }) => request.method === method);
    if (!found) throw new Error(`the backend was sent no ${method}`);
    return found;
  }

  put(place: string, bytes: Buffer, headers: HeaderFields = {}): StoredObject {
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    const stored = { bytes, headers, etag };
    this.objects.set(place, stored);
    return stored;
  }

  #answer(request: BackendRequest, body: Buffer): BackendResponse {
    const { method, bucket, key } = request;
    if (bucket === undefined) return answer(200, {}, "<ListAllMyBucketsResult/>");
    if (bucket === "missing") return refusal(404, "NoSuchBucket");
    if (key === undefined) return this.#bucket(request);
    const place = `${bucket}/${key}`;
    if (method === "DELETE") {
      this.objects.delete(place);
      return answer(204);
    }
    return method === "PUT" ? this.#put(request, place, body) : this.#get(request, place);
  }

  #put({ headers = {} }: BackendRequest, place: string, body: Buffer): BackendResponse {
    const found = this.objects.get(place);
    if (headers["if-none-match"] === "*" && found) return refusal(412, "PreconditionFailed");
    const fields = Object.entries(headers).filter(([name]) => KEPT.test(name));
    const from = headers["x-amz-copy-source"];
    if (from === undefined) {
      const { etag } = this.put(place, body, Object.fromEntries(fields));
      return answer(200, { etag });
    }
    const source = this.objects.get(decodeURIComponent(from.replace(/^\//, "")));
    if (!source) return refusal(404, "NoSuchKey");
    if (headers["x-amz-copy-source-if-match"] !== source.etag) {
      return refusal(412, "PreconditionFailed");
    }
    const { etag } = this.put(place, source.bytes, Object.fromEntries(fields));
    const result = el("CopyObjectResult", el("LastModified", "2026-01-01"), el("ETag", etag));
    return answer(200, {}, xmlDocument(result));
  }

  #get({ method, headers = {} }: BackendRequest, place: string): BackendResponse {
    const found = this.objects.get(place);
    if (!found) return method === "HEAD" ? answer(404) : refusal(404, "NoSuchKey");
    if (headers["if-none-match"] === found.etag) return answer(304, { etag: found.etag });
    if (![undefined, found.etag].includes(headers["if-match"])) return answer(412);
    return {
      ...answer(200, {
        ...found.headers,
        etag: found.etag,
        "content-length": String(found.bytes.byteLength),
        "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
      }),
      body: bodyOfBytes(method === "HEAD" ? new Uint8Array() : found.bytes),
    };
  }

  #bucket({ method, bucket, query = [] }: BackendRequest): BackendResponse {
    if (query.some(([name]) => name === "location"))
      return answer(200, {}, "<LocationConstraint/>");
    if (method === "HEAD" || method === "PUT") return answer(200);
    if (method === "DELETE") return answer(204);
    const contents = [...this.objects]
      .filter(([place]) => place.startsWith(`${bucket}/`))
      .map(([place, { bytes, etag }]) =>
        el(
          "Contents",
          el("Key", place.slice((bucket ?? "").length + 1)),
          el("ETag", etag),
          el("Size", bytes.byteLength),
        ),
      );
    return answer(200, {}, xmlDocument(el("ListBucketResult", ...contents)));
  }
}

async function bodyOf({ body }: BackendRequest): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  return await collectBody(body.body, 1e9, () => new Error("too large"));
}

/** The memory backend with multipart uploads, as far as crypto uses them. */
import { hash, randomBytes } from "node:crypto";
import type {
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import { el, parseXml, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { answerOf, MemoryBackend } from "../memory-backend.ts";

interface KeptUpload {
  readonly key: string;
  readonly headers: HeaderFields;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>;
}

/** Answers from memory. */
export class UploadsBackend extends MemoryBackend {
  readonly uploads = new Map<string, KeptUpload>();

  override async send(request: BackendRequest): Promise<BackendResponse> {
    const query = new Map(request.query ?? []);
    const uploadId = query.get("uploadId");
    const isBegin = query.has("uploads") && request.method === "POST";
    if (uploadId === undefined && !isBegin) return await super.send(request);
    this.requests.push(request);
    const answer =
      uploadId === undefined
        ? this.#begin(request)
        : await this.#continue(request, uploadId, Number(query.get("partNumber")));
    return this.intercept(answer, request);
  }

  /** Requests about uploads so far, as "METHOD partNumber". */
  asked(): string[] {
    return this.requests.map(({ method, query = [] }) =>
      `${method} ${new Map(query).get("partNumber") ?? ""}`.trim(),
    );
  }

  #begin({ key = "", headers = {} }: BackendRequest): BackendResponse {
    const uploadId = randomBytes(8).toString("hex");
    this.uploads.set(uploadId, { key, headers, parts: new Map() });
    return xmlAnswer(el("InitiateMultipartUploadResult", el("UploadId", uploadId)));
  }

  async #continue(
    request: BackendRequest,
    uploadId: string,
    partNumber: number,
  ): Promise<BackendResponse> {
    const upload = this.uploads.get(uploadId);
    const sent = await bytesOf(request);
    if (!upload) return answerOf(404, {}, Buffer.from("<Error><Code>NoSuchUpload</Code></Error>"));
    if (request.method === "PUT") {
      const etag = `"${hash("md5", sent)}"`;
      upload.parts.set(partNumber, { bytes: sent, etag });
      return answerOf(200, { etag });
    }
    if (request.method === "GET") return partsAnswer(upload, new Map(request.query ?? []));
    const answer =
      request.method === "POST" ? this.#complete(upload, sent.toString()) : answerOf(204);
    if (answer.status < 300) this.uploads.delete(uploadId);
    return answer;
  }

  #complete({ key, headers, parts }: KeptUpload, sent: string): BackendResponse {
    const pieces: Buffer[] = [];
    for (const part of parseXml(sent).all("Part")) {
      const found = parts.get(Number(part.textOf("PartNumber")));
      if (found?.etag !== part.textOf("ETag")) {
        return answerOf(400, {}, Buffer.from("<Error><Code>InvalidPart</Code></Error>"));
      }
      if (found) pieces.push(found.bytes);
    }
    const etag = `"${hash("md5", String(pieces.length))}-${pieces.length}"`;
    this.objects.set(key, { bytes: Buffer.concat(pieces), headers, etag });
    return xmlAnswer(el("CompleteMultipartUploadResult", el("ETag", etag)));
  }
}

function partsAnswer({ parts }: KeptUpload, query: ReadonlyMap<string, string>): BackendResponse {
  const numbers = [...parts.keys()].sort((a, b) => a - b);
  const after = numbers.filter((number) => number > Number(query.get("part-number-marker") ?? 0));
  const shown = after.slice(0, Number(query.get("max-parts") ?? 1000));
  return xmlAnswer(
    el(
      "ListPartsResult",
      ...shown.map((number) =>
        el("Part", el("PartNumber", number), el("ETag", parts.get(number)?.etag ?? "")),
      ),
    ),
  );
}

/** A 200 with a document. */
export function xmlAnswer(root: ReturnType<typeof el>): BackendResponse {
  return answerOf(200, { "content-type": "application/xml" }, Buffer.from(xmlDocument(root)));
}

async function bytesOf({ body }: BackendRequest): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  return await collectBody(body.body, body.sizeBytes, () => new Error("too much"));
}

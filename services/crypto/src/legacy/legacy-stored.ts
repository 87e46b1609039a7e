/** A stored object of format 1 and how more of its bytes are had: each read is of the very object that was seen first. */
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { type Body, bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { companionKeyOf } from "@s3eg/shared/legacy/legacy-manifest.ts";
import { readingHeaders } from "../reading-headers.ts";
import { parseContentRange } from "../stored-range.ts";

/** The object, as its first answer showed it. */
export interface LegacyStored {
  readonly headers: HeaderFields;
  readonly storedBytes: number;
  /** Bytes from `start` to `end`, exclusive. `backend.changed` if the object is another by now. */
  read(start: number, end: number): Promise<Body>;
  /** The object beside it that holds its manifest; `crypto.integrity` if there is none. */
  companion(): Promise<LegacyStored>;
}

/** The object of an answer to a GET or HEAD. The answer's body is used where it is what is read first, and given up otherwise. */
export function legacyStored(
  backend: Backend,
  request: BackendRequest,
  response: BackendResponse,
): LegacyStored {
  const { headers, status } = response;
  const part = parseContentRange(headers["content-range"]);
  const storedBytes = part?.total ?? Number(headers["content-length"] ?? Number.NaN);
  if (!Number.isSafeInteger(storedBytes)) {
    throw new Fault("backend.unavailable", "backend did not say how long the object is");
  }
  let first: Body | undefined = response.body;
  const isWhole = status === 200 && request.method === "GET";
  return {
    headers,
    storedBytes,
    async read(start, end) {
      const own = first;
      first = undefined;
      if (isWhole && own && start === 0 && end === storedBytes) return own;
      own?.destroy();
      if (start === end) return bodyOfBytes(new Uint8Array());
      const range = `bytes=${start}-${end - 1}`;
      const pinned = { ...readingHeaders(request.headers), range, "if-match": headers.etag ?? "" };
      const answer = await backend.send({ ...bare(request), headers: pinned });
      return await bytesOf(answer, { start, end, storedBytes, etag: headers.etag });
    },
    async companion() {
      first?.destroy();
      first = undefined;
      const key = companionKeyOf(request.key ?? "");
      const asked = { ...bare(request), key, query: [], headers: readingHeaders(request.headers) };
      const answer = await backend.send(asked);
      if (answer.status === 404) {
        await answer.text();
        throw new Fault("crypto.integrity", "the manifest of the multipart object is not there");
      }
      if (answer.status !== 200) throw await backendFault(answer);
      return legacyStored(backend, asked, answer);
    },
  };
}

async function bytesOf(
  answer: BackendResponse,
  asked: { start: number; end: number; storedBytes: number; etag: string | undefined },
): Promise<Body> {
  const { status, headers } = answer;
  if (status === 412 || status === 404 || (status < 300 && headers.etag !== asked.etag)) {
    answer.body.destroy();
    throw new Fault("backend.changed", "object was replaced while it was read");
  }
  if (status !== 206 && status !== 200) throw await backendFault(answer);
  const part = parseContentRange(headers["content-range"]);
  const isWhole = asked.start === 0 && asked.end === asked.storedBytes;
  const isAsked =
    status === 200
      ? isWhole && headers["content-length"] === String(asked.storedBytes)
      : part?.start === asked.start && part.end + 1 === asked.end;
  if (isAsked) return answer.body;
  answer.body.destroy();
  throw new Fault("backend.unavailable", "backend answered another range than it was asked for");
}

function bare({ query = [], ...request }: BackendRequest): BackendRequest {
  const versions = query.filter(([name]) => name === "versionId");
  return { ...request, method: "GET", query: versions };
}

/** Files in the place of a backend: what was stored of an object, as it lies on a disk. It answers GET and HEAD, and nothing else. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { type Body, bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import { bodyOfReadable } from "@s3eg/shared/http/node-body.ts";
import { parseRange, resolveRange } from "@s3eg/shared/s3/range.ts";

const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/** A stored object: the file of its bytes, and the header fields that a backend would answer with. */
export interface StoredFile {
  readonly path: string;
  readonly headers: HeaderFields;
}

/** A backend that has the objects that `fileOf` knows, and opens no connection. */
export function backendOfFiles(fileOf: (key: string) => StoredFile | undefined): Backend {
  return {
    async send({ method, key = "", headers = {} }: BackendRequest) {
      if (method !== "GET" && method !== "HEAD") {
        throw new Fault("backend.refused", "stored files are only read");
      }
      const file = fileOf(key);
      if (!file) return answerOf(404, {}, bodyOfBytes(new Uint8Array()));
      return await fileAnswer(file, method, headers.range);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function fileAnswer(
  { path, headers }: StoredFile,
  method: "GET" | "HEAD",
  rangeHeader: string | undefined,
): Promise<BackendResponse> {
  const { size } = await stat(path);
  const range = parseRange(rangeHeader);
  if (method === "HEAD" || !range) {
    const body = method === "HEAD" || size === 0 ? noBytes() : bytesOf(path, 0, size);
    return answerOf(200, { ...headers, "content-length": String(size) }, body);
  }
  const wanted = withinFile(range, size);
  if (!wanted) return answerOf(416, {}, noBytes());
  const { offset, length } = wanted;
  const fields = {
    "content-length": String(length),
    "content-range": `bytes ${offset}-${offset + length - 1}/${size}`,
  };
  return answerOf(206, { ...headers, ...fields }, bytesOf(path, offset, length));
}

function withinFile(range: NonNullable<ReturnType<typeof parseRange>>, size: number) {
  try {
    return resolveRange(range, size);
  } catch {
    return undefined;
  }
}

function noBytes(): Body {
  return bodyOfBytes(new Uint8Array());
}

/** Opened when it is pumped: most answers are given up unread. */
function bytesOf(path: string, offset: number, length: number): Body {
  let gone: { reason: unknown } | undefined;
  let opened: Body | undefined;
  return {
    async pump(take) {
      if (gone) throw gone.reason;
      const goneFault = (cause: unknown) =>
        new Fault("backend.unavailable", `${path} can't be read`, { cause });
      const stream = createReadStream(path, { start: offset, end: offset + length - 1 });
      opened = bodyOfReadable(stream, { goneFault });
      await opened.pump(take);
    },
    destroy(reason = new Error("body destroyed")) {
      gone ??= { reason };
      opened?.destroy(reason);
    },
  };
}

function answerOf(status: number, headers: HeaderFields, body: Body): BackendResponse {
  return {
    status,
    headers,
    body,
    async text(maxBytes = MAX_TEXT_BYTES) {
      const tooLong = () => new Fault("backend.unavailable", "answer is too long");
      return (await collectBody(body, maxBytes, tooLong)).toString("utf8");
    },
  };
}

/**
 * What the backend makes of conditional writes, tried at start with an object of our own (format.md §7). A condition that a backend
 * ignores would be a race lost in silence, so it is refused instead.
 */
import { randomUUID } from "node:crypto";
import type { Backend, BackendRequest } from "@s3eg/shared/backend/backend.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { s3Error } from "./s3/errors.ts";
import type { S3Request } from "./s3-request.ts";

/** Which conditions the backend honours. Absent where nobody tried: then it is believed to honour all. */
export interface Honoured {
  /** If-None-Match: * on PUT. */
  readonly createOnly: boolean;
  /** If-Match on PUT. */
  readonly replaceOnly: boolean;
  /** If-Match on DELETE. */
  readonly deleteOnly: boolean;
  /** A single PUT's ETag is 32 hex digits: it can be shown in the opaque form. */
  readonly hasPlainEtags: boolean;
}

const NOTHING_HAS = '"00000000000000000000000000000000"';

/** Tries the conditions in `bucket`, which must exist; undefined, and a line in the log, where it could not be tried. */
export async function probeBackend(
  backend: Backend,
  bucket: string,
  log: Pick<Log, "info" | "warn">,
): Promise<Honoured | undefined> {
  const key = `.s3eg-probe-${randomUUID()}`;
  const send = async (method: BackendRequest["method"], headers: Record<string, string> = {}) => {
    const body = method === "PUT" ? { body: Buffer.from("probe") } : {};
    const response = await backend.send({ method, bucket, key, headers, ...body, requestId: key });
    await response.text();
    return response;
  };
  const isRefused = async (method: "PUT" | "DELETE", headers: Record<string, string>) =>
    (await send(method, headers)).status >= 300;
  try {
    const first = await send("PUT");
    if (first.status !== 200) throw new Error(`the probe was answered ${first.status}`);
    const honoured = {
      createOnly: await isRefused("PUT", { "if-none-match": "*" }),
      replaceOnly: await isRefused("PUT", { "if-match": NOTHING_HAS }),
      deleteOnly: await isRefused("DELETE", { "if-match": NOTHING_HAS }),
      hasPlainEtags: /^"[0-9a-f]{32}"$/i.test(first.headers.etag ?? ""),
    };
    log.info({ bucket, ...honoured }, "backend probed");
    return honoured;
  } catch (error) {
    log.warn({ err: error, bucket }, "backend could not be probed");
    return undefined;
  } finally {
    await send("DELETE").catch(() => undefined);
  }
}

/** Refuses a conditional write that the backend would do without regard to the condition (`NotImplemented`). */
export function checkHonoured(
  { headers }: Pick<S3Request, "headers">,
  honoured: Honoured | undefined,
  write: "PUT" | "DELETE",
): void {
  if (!honoured) return;
  const ignored = [
    ...(headers["if-match"] !== undefined &&
    !(write === "PUT" ? honoured.replaceOnly : honoured.deleteOnly)
      ? ["If-Match"]
      : []),
    ...(headers["if-none-match"] !== undefined && write === "PUT" && !honoured.createOnly
      ? ["If-None-Match"]
      : []),
  ];
  if (ignored.length === 0) return;
  throw s3Error("NotImplemented", {
    message: `The storage behind this server ignores ${ignored.join(" and ")} on ${write}.`,
  });
}

/** Which conditions on copies a bucket's backend honours, tried with objects of our own: an ignored one would be a write lost in silence. */
import { randomUUID } from "node:crypto";
import type { Backend, BackendRequest, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "../backend-xml.ts";
import { type PutCondition, probePut } from "./put-condition.ts";

/** What is honoured. */
export interface CopyConditions {
  /** `x-amz-copy-source-if-match` of CopyObject. */
  readonly source: boolean;
  /** `if-match` of CopyObject, on what it overwrites. */
  readonly target: boolean;
  /** `if-match` of CompleteMultipartUpload. */
  readonly completion: boolean;
  /** `if-match` of PutObject, until it is committed. */
  readonly put: boolean;
  /** The object is locked while it is put under a condition. */
  readonly putLocks: boolean;
}

/** For a job that writes nothing. */
export const NO_CONDITIONS: CopyConditions = {
  source: false,
  target: false,
  completion: false,
  put: false,
  putLocks: false,
};

const NOTHING_HAS = '"00000000000000000000000000000000"';

/** What was found out of PUT: a server treats all its buckets with versions alike, and all those without. */
export type KnownPuts = Map<"plain" | "versions", PutCondition>;

/**
 * Tries them in `bucket`, and leaves nothing behind. Throws what the backend refuses a plain PUT with. `isPutAsked: false`: that of PUT,
 * which takes longest, is not tried, and said to be ignored; `knownPuts`: what other buckets have shown.
 */
export async function probeCopies(
  backend: Backend,
  bucket: string,
  {
    isPutAsked = true,
    knownPuts = new Map(),
  }: { isPutAsked?: boolean; knownPuts?: KnownPuts | undefined } = {},
): Promise<CopyConditions> {
  const key = `.s3eg-probe-${randomUUID()}`;
  const versions: string[] = [];
  const counting = async (request: BackendRequest) => {
    const response = await backend.send(request);
    if (response.headers["x-amz-version-id"]) versions.push(response.headers["x-amz-version-id"]);
    return response;
  };
  const send = async (
    method: "PUT" | "POST" | "DELETE",
    headers: HeaderFields,
    options: { query?: readonly (readonly [string, string])[]; body?: Uint8Array } = {},
  ) => {
    return await counting({ method, bucket, key, headers, ...options, requestId: key });
  };
  const isDone = async (...args: Parameters<typeof send>) => {
    const response = await send(...args);
    const text = await response.text();
    return response.status === 200 && !text.includes("<Error>");
  };
  const body = Buffer.from("probe");
  const first = await send("PUT", {}, { body });
  if (first.status !== 200) throw await backendFault(first);
  await first.text();
  const etag = first.headers.etag ?? "";
  const copying = {
    "x-amz-copy-source": `${bucket}/${key}`,
    "x-amz-metadata-directive": "REPLACE",
  };
  const isHeeded = async (name: string) =>
    !(await isDone("PUT", { ...copying, [name]: NOTHING_HAS })) &&
    (await isDone("PUT", { ...copying, [name]: etag }));
  try {
    const source = await isHeeded("x-amz-copy-source-if-match");
    const target = await isHeeded("if-match");
    const completion = await heedsCompletion(send, isDone, body);
    if (!isPutAsked) return { ...NO_CONDITIONS, source, target, completion };
    const kind = versions.length > 0 ? "versions" : "plain";
    const probed = { backend: { send: counting }, bucket, key };
    const put = knownPuts.get(kind) ?? (await probePut(probed));
    knownPuts.set(kind, put);
    return { source, target, completion, put: put.isHeeded, putLocks: put.isLocking };
  } finally {
    await isDone("DELETE", {}).catch(() => false);
    // Not every backend tells the version of a copy.
    if (versions.length > 0) versions.push(...(await versionsOf(backend, bucket, key)));
    for (const version of new Set(versions)) {
      await isDone("DELETE", {}, { query: [["versionId", version]] }).catch(() => false);
    }
  }
}

/** Those of one key, delete markers too; none where they can't be listed. */
async function versionsOf(backend: Backend, bucket: string, key: string): Promise<string[]> {
  const query = [
    ["versions", ""],
    ["prefix", key],
  ] as const;
  try {
    const response = await backend.send({ method: "GET", bucket, query, requestId: key });
    const text = await response.text();
    if (response.status !== 200) return [];
    const listed = parseBackendXml(text);
    const entries = [...listed.all("Version"), ...listed.all("DeleteMarker")];
    return entries.map((entry) => entry.textOf("VersionId")).filter((id) => id !== undefined);
  } catch {
    return [];
  }
}

type Send = (
  method: "PUT" | "POST" | "DELETE",
  headers: HeaderFields,
  options?: { query?: readonly (readonly [string, string])[]; body?: Uint8Array },
) => ReturnType<Backend["send"]>;

async function heedsCompletion(
  send: Send,
  isDone: (...args: Parameters<Send>) => Promise<boolean>,
  body: Uint8Array,
): Promise<boolean> {
  const begun = await send("POST", {}, { query: [["uploads", ""]] });
  const text = await begun.text();
  const uploadId = begun.status === 200 ? parseBackendXml(text).textOf("UploadId") : undefined;
  if (!uploadId) return false;
  const query = [["uploadId", uploadId]] as const;
  try {
    const part = await send("PUT", {}, { query: [["partNumber", "1"], ...query], body });
    await part.text();
    const node = el("Part", el("PartNumber", 1), el("ETag", part.headers.etag ?? ""));
    const list = xmlDocument(el("CompleteMultipartUpload", node), { hasNamespace: true });
    const headers = { "if-match": NOTHING_HAS, "content-type": "application/xml" };
    return !(await isDone("POST", headers, { query, body: Buffer.from(list) }));
  } finally {
    await isDone("DELETE", {}, { query }).catch(() => false);
  }
}

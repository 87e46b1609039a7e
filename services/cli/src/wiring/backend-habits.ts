/** Trying out what a backend keeps of the promises that the gateway leans on (format.md §7): with objects of its own, which it removes. */
import { randomBytes } from "node:crypto";
import type { Backend, BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";

/** What came of one trial: what a backend does, and whether the gateway needs it to. */
export interface Habit {
  readonly name: string;
  readonly isKept: boolean;
  /** What is not to be had where it is not kept. */
  readonly without: string;
}

type Ask = (request: Partial<BackendRequest>) => Promise<BackendResponse>;

/** Tries each habit under a key that nobody else has. */
export async function backendHabits(backend: Backend, bucket: string): Promise<Habit[]> {
  const key = `s3eg-doctor-${randomBytes(16).toString("hex")}`;
  const ask: Ask = async (request) =>
    await backend.send({ method: "GET", bucket, key, requestId: "doctor", ...request });
  try {
    return await tried(ask, `/${bucket}/${key}`);
  } finally {
    await (await ask({ method: "DELETE" })).text();
  }
}

async function tried(ask: Ask, source: string): Promise<Habit[]> {
  const body = Buffer.from("s3eg");
  const put = await ask({ method: "PUT", body });
  await put.text();
  const { etag = "" } = put.headers;
  const statusOf = async (request: Partial<BackendRequest>) => {
    const response = await ask(request);
    await response.text();
    return response.status;
  };
  const again = await statusOf({ method: "PUT", body, headers: { "if-none-match": "*" } });
  const copied = await statusOf({
    method: "PUT",
    headers: { "x-amz-copy-source": source, "x-amz-copy-source-if-match": '"0"', ...REPLACE },
  });
  const ranged = await ask({ headers: { range: "bytes=1-2" } });
  const rangeText = await ranged.text();
  const partsEtag = await etagOfParts(ask);
  return [
    {
      name: "ETag of an object in one piece has no dash",
      isKept: put.status === 200 && partCountOfEtag(etag) === undefined,
      without: "sizes in listings",
    },
    {
      name: "If-None-Match is heeded by PUT",
      isKept: again === 412,
      without: "creation by one client alone",
    },
    {
      name: "x-amz-copy-source-if-match is heeded",
      isKept: copied === 412,
      without: "rewrap and copies in place",
    },
    {
      name: "ranges are answered",
      isKept: ranged.status === 206 && rangeText === "3e",
      without: "reading ranges and objects in parts",
    },
    {
      name: "ETag of an object in parts ends in their number",
      isKept: partCountOfEtag(partsEtag) === 2,
      without: "multipart uploads",
    },
  ];
}

const REPLACE = { "x-amz-metadata-directive": "REPLACE" };
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** ETag of an object in two parts; empty where the backend takes none. */
async function etagOfParts(ask: Ask): Promise<string> {
  const created = await ask({ method: "POST", query: [["uploads", ""]] });
  const text = await created.text();
  const uploadId = created.status === 200 ? (parseXml(text).textOf("UploadId") ?? "") : "";
  if (uploadId === "") return "";
  const parts: string[] = [];
  for (const body of [Buffer.alloc(MIN_PART_BYTES), Buffer.from("s3eg")]) {
    const query = [
      ["partNumber", String(parts.length + 1)],
      ["uploadId", uploadId],
    ] as const;
    const part = await ask({ method: "PUT", query, body });
    await part.text();
    const { etag = "" } = part.headers;
    const number = parts.length + 1;
    parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  }
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
  const query = [["uploadId", uploadId]] as const;
  const completed = await ask({ method: "POST", query, body });
  const answer = await completed.text();
  if (completed.status === 200) return parseXml(answer).textOf("ETag") ?? "";
  await (await ask({ method: "DELETE", query })).text();
  return "";
}

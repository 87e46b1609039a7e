/** Crypto's part in multipart uploads as edge sees it: it keeps what it was asked, and answers what it is told to. */
import {
  abortUpload,
  CompletedPart,
  completeUpload,
  createUpload,
  type ListedPart,
  listParts,
  sealPart,
} from "@s3eg/shared/contracts/multipart.ts";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import { z } from "zod";

/** A part as it came in. */
interface SealedPart {
  readonly head: z.infer<typeof sealPart.head>;
  readonly text: string;
  readonly tail: z.infer<typeof sealPart.tail>;
}

/** What was asked, in order. */
export interface Uploads {
  readonly created: z.infer<typeof createUpload.head>[];
  readonly parts: SealedPart[];
  readonly completed: {
    readonly head: z.infer<typeof completeUpload.head>;
    readonly parts: CompletedPart[];
  }[];
  readonly aborted: z.infer<typeof abortUpload.head>[];
  /** Answers: what Complete gives, and what is listed. */
  completion: z.infer<typeof completeUpload.result>;
  listed: ListedPart[];
  listing: z.infer<typeof listParts.result>;
  partChecksum?: z.infer<typeof sealPart.result>["checksum"];
}

/** The backend's ETag of every part. */
export const PART_ETAG = `"${"a".repeat(32)}"`;

/** Answers all transfers of uploads. */
export function serveUploads(transfers: TransferServer): Uploads {
  const uploads: Uploads = {
    created: [],
    parts: [],
    completed: [],
    aborted: [],
    completion: { etag: `"${"b".repeat(32)}-2"`, headers: {} },
    listed: [],
    listing: {},
  };
  const tooLarge = () => new Error("too large");
  transfers.serveUpload(createUpload, async ({ head, body }) => {
    await body.pump(() => undefined);
    uploads.created.push(head);
    return { uploadId: "u/1", headers: {} };
  });
  transfers.serveUpload(sealPart, async ({ head, body, tail }) => {
    const text = (await collectBody(body, 1e9, tooLarge)).toString();
    uploads.parts.push({ head, text, tail: tail() });
    const { partChecksum: checksum } = uploads;
    return { etag: PART_ETAG, headers: {}, ...(checksum ? { checksum } : {}) };
  });
  transfers.serveUpload(completeUpload, async ({ head, body }) => {
    const list: unknown = JSON.parse((await collectBody(body, 1e9, tooLarge)).toString());
    uploads.completed.push({ head, parts: z.array(CompletedPart).parse(list) });
    return uploads.completion;
  });
  transfers.serveUpload(abortUpload, async ({ head, body }) => {
    await body.pump(() => undefined);
    uploads.aborted.push(head);
    return {};
  });
  transfers.serveDownload(listParts, async () => {
    const bytes = Buffer.from(JSON.stringify(uploads.listed));
    await Promise.resolve();
    return { result: uploads.listing, body: bodyOfBytes(bytes), sizeBytes: bytes.byteLength };
  });
  return uploads;
}

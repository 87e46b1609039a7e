/** Uploads in parts as far as a gateway must see them: begun, listed, completed. The parts themselves are objects like any others. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What has been played so far. */
const played = { requests: 0 };

/** Answers a request of an upload, which its query and its method tell. */
export async function playUpload(
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  played.requests += 1;
  const md5 = createHash("md5").update(String(played.requests)).digest("hex");
  if (request.method === "DELETE") {
    response.writeHead(204).end();
  } else {
    const sent = Buffer.concat(await request.toArray()).toString("utf8");
    response.writeHead(200, { "content-type": "application/xml" });
    response.end(documentOf(request.method, query, { md5, sent }));
  }
}

function documentOf(
  method: string | undefined,
  query: URLSearchParams,
  { md5, sent }: { md5: string; sent: string },
): string {
  if (method === "GET") return "<ListPartsResult/>";
  if (query.has("uploads")) {
    return `<InitiateMultipartUploadResult><UploadId>${md5}</UploadId></InitiateMultipartUploadResult>`;
  }
  const parts = sent.split("<PartNumber>").length - 1;
  return `<CompleteMultipartUploadResult><ETag>"${md5}-${parts}"</ETag></CompleteMultipartUploadResult>`;
}

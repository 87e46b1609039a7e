/** GetObject. Bytes come backend → crypto → edge; each chunk is verified before any of it leaves. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { contentRange, parseRange } from "@s3eg/shared/s3/range.ts";
import type { z } from "zod";
import { retryIfChanged } from "../object-facts.ts";
import { rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, notModified, toldOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

type Opened = z.infer<typeof openObject.result>;

export const getObject: Operation = {
  name: "GetObject",
  method: "GET",
  level: "object",
  run: (request, rooms) => retryIfChanged(() => get(request, rooms)),
};

async function get(request: S3Request, rooms: Rooms): Promise<S3Answer> {
  const range = parseRange(rangeOf(request.headers));
  const head = {
    target: targetOf(request),
    place: placeOf(request),
    contents: request.policy.contents,
    ...(range ? { range } : {}),
    headers: { ...askingHeaders(request.headers), ...(await conditionsOf(request, rooms)) },
    query: request.query
      .only((name) => name.startsWith("response-"))
      .map(([name, value]): [string, string] => [name, value]),
  };
  const options = { requestId: request.id, signal: request.signal };
  let opened: { result: Opened; body: Body };
  try {
    opened = await rooms.crypto.download(openObject, head, options);
  } catch (error) {
    return await notModified(error, request, rooms);
  }
  const { result, body } = opened;
  const told = await toldOf(request, rooms, { ...result, isWhole: !range }).catch(
    (error: unknown) => {
      body.destroy(error);
      throw error;
    },
  );
  return {
    status: range ? 206 : 200,
    headers: {
      ...answerHeaders(result.headers),
      ...told,
      "accept-ranges": "bytes",
      ...(range ? { "content-range": contentRange(result.range, result.size) } : {}),
    },
    body: { body, sizeBytes: result.range.length },
  };
}

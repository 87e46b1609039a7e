/** GetObject. Bytes come backend → crypto → edge; each chunk is verified before any of it leaves. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { contentRange, parseRange } from "@s3eg/shared/s3/range.ts";
import { objectConditions, rangeOf } from "../s3/conditions.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { placeOf, targetOf } from "../s3-request.ts";
import type { Operation } from "./operation.ts";

export const getObject: Operation = {
  name: "GetObject",
  method: "GET",
  level: "object",
  async run(request, { crypto }) {
    const range = parseRange(rangeOf(request.headers));
    const head = {
      target: targetOf(request),
      place: placeOf(request),
      contents: request.policy.contents,
      ...(range ? { range } : {}),
      headers: { ...askingHeaders(request.headers), ...objectConditions(request.headers) },
      query: request.query
        .only((name) => name.startsWith("response-"))
        .map(([name, value]): [string, string] => [name, value]),
    };
    const options = { requestId: request.id, signal: request.signal };
    const { result, body } = await crypto.download(openObject, head, options);
    return {
      status: range ? 206 : 200,
      headers: {
        ...answerHeaders(result.headers),
        "accept-ranges": "bytes",
        ...(range ? { "content-range": contentRange(result.range, result.size) } : {}),
      },
      body: { body, sizeBytes: result.range.length },
    };
  },
};

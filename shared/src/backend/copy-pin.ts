/** Ceph's own name for the condition on what a copy is made of: by that of S3 it takes no notice of it (radosgw 16, and others before and after). */
import type { Backend } from "./backend.ts";

const OF_S3 = "x-amz-copy-source-if-match";
const OF_CEPH = "x-amz-copy-if-match";

/** The same backend, told `x-amz-copy-source-if-match` under both names. It is closed with the backend it is given. */
export function pinningCopies(backend: Backend): Backend {
  return {
    async send(request) {
      const etag = request.headers?.[OF_S3];
      if (etag === undefined) return await backend.send(request);
      return await backend.send({ ...request, headers: { ...request.headers, [OF_CEPH]: etag } });
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

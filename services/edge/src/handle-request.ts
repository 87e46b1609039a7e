/** The life of one request in edge: read, authenticate, authorize, match, run. Answering is the caller's (server.ts). */
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import { type Authentication, authenticate } from "./auth/authenticate.ts";
import type { Principal } from "./auth/credentials.ts";
import { plainBody } from "./auth/plain-body.ts";
import type { Policies } from "./auth/policy.ts";
import type { Incoming } from "./incoming.ts";
import type { Asking } from "./match-operation.ts";
import type { Operation, Rooms, S3Answer } from "./operations/operation.ts";
import { s3Error } from "./s3/errors.ts";
import type { S3Request } from "./s3-request.ts";

/** What edge knows when it judges a request. */
export interface FrontDoor {
  readonly authentication: Authentication;
  readonly policies: Policies;
  readonly match: (asking: Asking) => Operation;
  readonly rooms: Rooms;
  /** The only bucket that may be used, where there is one. */
  readonly proxiedBucket: string | undefined;
}

/** What came in and what was learned of it, for log, metrics and audit. */
export interface Sighting {
  operation?: string;
  principal?: Principal;
  bytesIn: number;
}

/** Runs a request. `openBody` is called at most once, after the verdict on signature and rights has fallen. */
export async function handleRequest(
  door: FrontDoor,
  received: { incoming: Incoming; id: string; signal: AbortSignal; openBody(): Body },
  sighting: Sighting,
): Promise<S3Answer> {
  const { incoming, id, signal } = received;
  const { principal, signature } = authenticate(incoming, door.authentication);
  sighting.principal = principal;
  checkProxiedBucket(door.proxiedBucket, incoming);
  const operation = door.match({ ...incoming, query: incoming.query.pairs });
  sighting.operation = operation.name;
  const openPlain = () =>
    plainBody(counted(received.openBody(), sighting), incoming.headers, signature);
  const request: S3Request = {
    id,
    bucket: incoming.bucket,
    key: incoming.key,
    query: incoming.query,
    headers: incoming.headers,
    principal,
    policy: door.policies.of(incoming.bucket),
    policyOf: (bucket) => door.policies.of(bucket),
    signal,
    plainBody: openPlain,
    bytes: async (maxBytes) => {
      // A request without a body needs no Content-Length (RFC 9110 §8.6).
      if (!hasBody(incoming)) return Buffer.alloc(0);
      return await collectBody(openPlain().body, maxBytes, () => s3Error("MalformedXML"));
    },
  };
  return await operation.run(request, door.rooms);
}

function hasBody({ headers }: Incoming): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function checkProxiedBucket(proxied: string | undefined, { bucket, headers }: Incoming): void {
  if (proxied === undefined) return;
  const source = headers["x-amz-copy-source"]?.replace(/^\//, "").split("/")[0];
  if (bucket !== proxied || (source !== undefined && decodeURIComponent(source) !== proxied)) {
    throw s3Error("AccessDenied");
  }
}

function counted(body: Body, sighting: Sighting): Body {
  return {
    pump: (take) =>
      body.pump((piece) => {
        sighting.bytesIn += piece.byteLength;
        return take(piece);
      }),
    destroy: (reason) => body.destroy(reason),
  };
}

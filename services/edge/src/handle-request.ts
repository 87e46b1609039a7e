/** The life of one request in edge: read, authenticate, authorize, match, run. Answering is the caller's (server.ts). */
import { type Body, bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { VerifiedSignature } from "@s3eg/shared/s3/sigv4-verify.ts";
import { type Authentication, authenticate } from "./auth/authenticate.ts";
import type { Principal } from "./auth/credentials.ts";
import { type PlainBody, plainBody, type WantedFacts } from "./auth/plain-body.ts";
import type { Policies } from "./auth/policy.ts";
import { parseCopySource } from "./copy-source.ts";
import type { Incoming } from "./incoming.ts";
import type { Asking } from "./match-operation.ts";
import type { Operation, Rooms, S3Answer } from "./operations/operation.ts";
import { answerPreflight, PREFLIGHT } from "./preflight.ts";
import { s3Error } from "./s3/errors.ts";
import { checkSse } from "./s3/sse.ts";
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

/** Runs a request. `openBody` is called at most once, when somebody takes the body: after the verdict on signature, rights and announcements. */
export async function handleRequest(
  door: FrontDoor,
  received: { incoming: Incoming; id: string; signal: AbortSignal; openBody(): Body },
  sighting: Sighting,
): Promise<S3Answer> {
  const { incoming, id, signal } = received;
  if (incoming.method === "OPTIONS") {
    sighting.operation = PREFLIGHT;
    checkProxiedBucket(door.proxiedBucket, incoming);
    return await answerPreflight(received, door.rooms.backend);
  }
  const { principal, signature } = authenticate(incoming, door.authentication);
  sighting.principal = principal;
  checkProxiedBucket(door.proxiedBucket, incoming);
  const operation = door.match({ ...incoming, query: incoming.query.pairs });
  sighting.operation = operation.name;
  const policy = door.policies.of(incoming.bucket);
  checkSse(policy, incoming.headers);
  const raw = requestBody(received.openBody, sighting);
  const wanted = { md5: policy.etag === "md5", checksum: policy.checksum === "always" };
  const openPlain = (facts: { wanted?: WantedFacts } = {}) =>
    plainBody(raw, incoming.headers, { ...signature, ...facts });
  const request: S3Request = {
    id,
    bucket: incoming.bucket,
    key: incoming.key,
    query: incoming.query,
    headers: incoming.headers,
    principal,
    policy,
    policyOf: (bucket) => door.policies.of(bucket),
    signal,
    plainBody: () => openPlain({ wanted }),
    bytes: async (maxBytes) => {
      // A request without a body needs no Content-Length (RFC 9110 §8.6); what was promised of the body holds all the same.
      const { body } = hasBody(incoming) ? openPlain() : emptyBody(incoming, signature);
      return await collectBody(body, maxBytes, () => s3Error("MalformedXML"));
    },
  };
  return await operation.run(request, door.rooms);
}

function hasBody({ headers }: Incoming): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function emptyBody({ headers }: Incoming, signature: VerifiedSignature): PlainBody {
  const announced = { ...headers, "content-length": "0" };
  return plainBody(bodyOfBytes(new Uint8Array()), announced, signature);
}

function checkProxiedBucket(proxied: string | undefined, { bucket, headers }: Incoming): void {
  if (proxied === undefined) return;
  const source = headers["x-amz-copy-source"];
  if (bucket !== proxied || (source !== undefined && parseCopySource(source).bucket !== proxied)) {
    throw s3Error("AccessDenied");
  }
}

/** The body on the wire, opened when it is taken, and counted. */
function requestBody(open: () => Body, sighting: Sighting): Body {
  let opened: Body | undefined;
  let gone: { reason: unknown } | undefined;
  return {
    async pump(take) {
      if (gone) throw gone.reason;
      opened = open();
      await opened.pump((piece) => {
        sighting.bytesIn += piece.byteLength;
        return take(piece);
      });
    },
    destroy(reason = new Error("body destroyed")) {
      gone ??= { reason };
      opened?.destroy(reason);
    },
  };
}

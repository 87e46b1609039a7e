/** The life of one request in edge: read, authenticate, authorize, match, run. Answering is the caller's (server.ts). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { WrappingKey } from "@s3eg/shared/contracts/keys.ts";
import { type Body, bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { BodyTurns } from "@s3eg/shared/http/body-turns.ts";
import type { LoopRounds } from "@s3eg/shared/runtime/loop-rounds.ts";
import { type Tracing, traced } from "@s3eg/shared/runtime/tracing.ts";
import { checkAnonymous, checkStranger, NOBODY, unsigned } from "./auth/anonymous.ts";
import { type Authenticated, type Authentication, authenticate } from "./auth/authenticate.ts";
import { certified } from "./auth/certified.ts";
import type { Principal } from "./auth/credentials.ts";
import { withHoistedHeaders } from "./auth/hoisted-headers.ts";
import { type PlainBody, plainBody } from "./auth/plain-body.ts";
import type { Policies } from "./auth/policy.ts";
import { checkLockBypass, checkTls } from "./auth/policy-guard.ts";
import { checkRights } from "./auth/rights.ts";
import type { ShownCertificate } from "./auth/shown-certificate.ts";
import { refuseCompanionName } from "./companions.ts";
import { parseCopySource } from "./copy/copy-source.ts";
import { type EnteredForm, enterByForm } from "./form/enter-by-form.ts";
import type { Incoming } from "./incoming.ts";
import type { Asking } from "./match-operation.ts";
import { objectUrl } from "./object-url.ts";
import type { Operation, Rooms, S3Answer } from "./operations/operation.ts";
import { answerPreflight, PREFLIGHT } from "./preflight.ts";
import { refuseWrite } from "./read-only.ts";
import { requestCost } from "./request-cost.ts";
import { clientOf, type RequestLimits } from "./request-limits.ts";
import type { Places, WantedPlace } from "./request-place.ts";
import { s3Error } from "./s3/errors.ts";
import { checkSse } from "./s3/sse.ts";
import type { S3Request } from "./s3-request.ts";

/** What edge knows when it judges a request. */
export interface FrontDoor {
  readonly authentication: Authentication;
  readonly policies: Policies;
  readonly match: (asking: Asking) => Operation;
  readonly rooms: Rooms;
  /** Nothing may be written (`server.read_only`). */
  readonly isReadOnly: boolean;
  /** The only bucket that may be used, where there is one. */
  readonly proxiedBucket: string | undefined;
  readonly limits: RequestLimits;
  readonly places: Places;
  readonly turns: BodyTurns;
  readonly rounds: LoopRounds;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** What came in and what was learned of it, for log, metrics and audit. */
export interface Sighting {
  operation?: string;
  principal?: Principal;
  wrappedUnder?: WrappingKey | undefined;
  bytesIn: number;
}

/** A request of which the head has come. */
export interface Received {
  readonly incoming: Incoming;
  readonly id: string;
  readonly clientIp: string;
  /** The certificate that its connection shows, should it be believed; may throw `ServiceUnavailable`. */
  shown(): ShownCertificate | undefined;
  /** True where it came by TLS, here or to a trusted proxy. */
  readonly isSecure: boolean;
  readonly signal: AbortSignal;
  openBody(): Body;
  /** Waits until there is room for what the request may need; it keeps its place until its answer has ended. */
  enter(wanted: WantedPlace): Promise<void>;
}

/** Runs a request. `openBody` is called at most once, when somebody takes the body: after the verdict on signature, rights and announcements. */
export async function handleRequest(
  door: FrontDoor,
  received: Received,
  sighting: Sighting,
): Promise<S3Answer> {
  const { id, signal } = received;
  if (received.incoming.method === "OPTIONS") {
    sighting.operation = PREFLIGHT;
    checkProxiedBucket(door.proxiedBucket, received.incoming);
    await door.limits.identified(received);
    await door.limits.entered(door.policies.of(received.incoming.bucket), received);
    return await answerPreflight(received, { ...door.rooms, ...door.authentication });
  }
  const authenticating = { name: "authenticate", kind: "internal" } as const;
  const signed = await traced(door.tracing, authenticating, () => identify(door, received));
  if (signed) sighting.principal = signed.principal;
  const isPresigned = received.incoming.query.get("X-Amz-Signature") !== undefined;
  const incoming =
    signed && isPresigned ? withHoistedHeaders(received.incoming) : received.incoming;
  checkProxiedBucket(door.proxiedBucket, incoming);
  const policy = door.policies.of(incoming.bucket);
  await door.limits.entered(policy, { ...received, principal: signed?.principal });
  checkTls(policy, received.isSecure);
  if (!signed) checkStranger(incoming, policy);
  const operation = door.match({ ...incoming, query: incoming.query.pairs });
  sighting.operation = operation.name;
  await received.enter({
    client: clientOf("credential", { ...received, principal: signed?.principal }),
    bytes: requestCost(operation, incoming.headers),
  });
  const raw = requestBody(received.openBody, sighting);
  const caller = signed ?? unsigned(incoming);
  const entered: Entered = operation.readsForm
    ? await enterByForm(incoming, raw, door.authentication)
    : { incoming, caller, body: raw };
  try {
    checkCaller(door, operation, { ...entered, isSecure: received.isSecure });
    if (entered.caller.principal !== NOBODY) sighting.principal = entered.caller.principal;
    if (door.isReadOnly) refuseWrite(operation);
    const answer = await operation.run(requestOf(door, { id, signal, entered }), door.rooms);
    sighting.wrappedUnder = answer.wrappedUnder;
    return answer;
  } catch (error) {
    entered.body.destroy(error);
    throw error;
  }
}

/** Who signed the request, or shows the certificate of its owner, if anybody does. A wrong signature counts as a request of its address. */
async function identify(door: FrontDoor, received: Received): Promise<Authenticated | undefined> {
  const { incoming, clientIp } = received;
  let signed: Authenticated | undefined;
  try {
    const { authentication } = door;
    signed =
      authenticate(incoming, authentication) ??
      certified(incoming, received.shown, authentication.credentials);
  } catch (error) {
    await door.limits.identified({ clientIp });
    throw error;
  }
  await door.limits.identified({ clientIp, principal: signed?.principal });
  return signed;
}

/** A request whose caller is known: by signature, by form, or as nobody. */
type Entered = Pick<EnteredForm, "incoming" | "caller" | "body"> & Partial<EnteredForm>;

/** Throws unless the caller may do this here: the credential's rights, or for nobody the policy of every bucket that is touched. */
function checkCaller(
  door: FrontDoor,
  operation: Operation,
  { incoming, caller, isSecure }: Entered & Pick<Received, "isSecure">,
): void {
  const { bucket, key, headers, query } = incoming;
  const copied = headers["x-amz-copy-source"];
  const source = copied === undefined ? undefined : parseCopySource(copied);
  for (const name of [key, source?.key ?? ""]) refuseCompanionName(name);
  if (caller.principal === NOBODY) {
    const buckets = source ? [bucket, source.bucket] : [bucket];
    checkAnonymous(
      operation.name,
      buckets.map((name) => door.policies.of(name)),
    );
  } else {
    const prefixes = query.only((name) => name === "prefix").map(([, prefix]) => prefix);
    const asked = { bucket, key, prefixes, ...(source ? { source } : {}) };
    checkRights(caller.principal.rights, operation.name, asked);
  }
  if (source) checkTls(door.policies.of(source.bucket), isSecure);
  checkLockBypass(door.policies.of(bucket), headers);
  checkSse(door.policies.of(bucket), headers);
}

function requestOf(
  door: FrontDoor,
  { id, signal, entered }: { id: string; signal: AbortSignal; entered: Entered },
): S3Request {
  const { incoming, caller, body: raw, form } = entered;
  const { principal, signature } = caller;
  const policy = door.policies.of(incoming.bucket);
  const wanted = { md5: policy.etag === "md5", checksum: policy.checksum === "always" };
  return {
    id,
    bucket: incoming.bucket,
    key: incoming.key,
    query: incoming.query,
    headers: incoming.headers,
    principal,
    policy,
    url: () => objectUrl(incoming, incoming.key),
    policyOf: (bucket) => door.policies.of(bucket),
    signal,
    ...(form ? { form } : {}),
    plainBody: () => plainBody(raw, incoming.headers, { ...signature, wanted }),
    bytes: async (maxBytes, { hasObjectChecksum = false } = {}) => {
      const headers = hasObjectChecksum ? bodyHeaders(incoming.headers) : incoming.headers;
      // A request without a body needs no Content-Length (RFC 9110 §8.6); what was promised of the body holds all the same.
      const { body } = hasBody(incoming)
        ? plainBody(raw, headers, signature)
        : emptyBody(headers, signature);
      return await collectBody(body, maxBytes, () => s3Error("MalformedXML"));
    },
  };
}

function hasBody({ headers }: Incoming): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** What the head says of the body alone. */
function bodyHeaders(headers: HeaderFields): HeaderFields {
  const fields = Object.entries(headers).filter(
    ([name]) => !/^x-amz-(?:sdk-)?checksum-/.test(name),
  );
  return Object.fromEntries(fields);
}

function emptyBody(headers: HeaderFields, signature: Authenticated["signature"]): PlainBody {
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

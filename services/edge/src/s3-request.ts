/** An authenticated S3 request, as operations see it. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import type { Principal } from "./auth/credentials.ts";
import type { PlainBody } from "./auth/plain-body.ts";
import type { BucketPolicy } from "./auth/policy.ts";

/** Query parameters, decoded, in order. */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string])[];

  constructor(pairs: readonly (readonly [name: string, value: string])[]) {
    this.pairs = pairs;
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    return this.pairs.find(([known]) => known === name)?.[1];
  }

  /** The parameters of these names, in order. */
  only(isWanted: (name: string) => boolean): (readonly [string, string])[] {
    return this.pairs.filter(([name]) => isWanted(name));
  }
}

/** What an upload by form says beside what a PUT would. */
export interface PostedForm {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** URL of the uploaded object. */
  readonly location: string;
}

/** A request whose signature was verified and that its principal may make. */
export interface S3Request {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** Lower-case names, latin-1 values, duplicates joined with a comma. */
  readonly headers: HeaderFields;
  readonly principal: Principal;
  readonly policy: BucketPolicy;
  /** The policy of another bucket, for the source of a copy. */
  policyOf(bucket: string): BucketPolicy;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** The URL under which the client reached the object. */
  url(): string;
  /** Of an upload by form alone. */
  readonly form?: PostedForm;
  /** The body as plaintext on its way; call it at most once. Throws what is wrong with how it was announced. */
  plainBody(): PlainBody;
  /**
   * The whole body in memory, verified; `MalformedXML` beyond `maxBytes`. `hasObjectChecksum`: a checksum in the head is that of an
   * object, not of this body (S3 API, CompleteMultipartUpload).
   */
  bytes(maxBytes: number, about?: { hasObjectChecksum?: boolean }): Promise<Buffer>;
}

/** Where the request's object lies on the backend, and as whom it is asked for there. */
export function targetOf(request: S3Request): {
  bucket: string;
  key: string;
  versionId?: string;
  identity?: string;
} {
  const versionId = request.query.get("versionId");
  return {
    bucket: request.bucket,
    key: request.key,
    ...(versionId === undefined ? {} : { versionId }),
    ...identityOf(request),
  };
}

/** The backend identity of the request's principal, where it has its own. */
export function identityOf({ principal }: Pick<S3Request, "principal">): { identity?: string } {
  return principal.identity === undefined ? {} : { identity: principal.identity };
}

/** What the envelope of the request's object is bound to (format.md §5). */
export function placeOf({ policy, bucket, key }: S3Request): Place {
  return { bucket: policy.bindAs ?? bucket, key };
}

/** What a credential may do: the rights it has, where they hold, and what each S3 operation needs. What is not listed needs everything. */
import { s3Error } from "../s3/errors.ts";
import { coversBucket, coversKey, coversPrefix, type Scope, touchesBucket } from "./scope.ts";

/** Rights on objects. Bytes come out only with `read` and `decrypt`; `read` alone shows what is known of an object. */
export const OBJECT_RIGHTS = ["read", "write", "list", "delete", "decrypt"] as const;
/** Rights on buckets themselves, `configure` for everything that is set on one. */
export const BUCKET_RIGHTS = ["create", "delete", "configure"] as const;

/** One right. */
export type Right = (typeof OBJECT_RIGHTS)[number] | `bucket-${(typeof BUCKET_RIGHTS)[number]}`;

/** The rights of one credential. */
export class Rights {
  readonly #rights: ReadonlySet<Right>;
  readonly #scopes: readonly Scope[] | undefined;

  /** `scopes` absent: everywhere. */
  constructor(rights: Iterable<Right>, scopes?: readonly Scope[]) {
    this.#rights = new Set(rights);
    this.#scopes = scopes;
  }

  /** True if there is nothing this credential may not do. */
  get isEverything(): boolean {
    return this.#scopes === undefined && ALL.every((right) => this.#rights.has(right));
  }

  /** True if both let the same be done, as far as that shows in how they were written. */
  isSame(other: Rights): boolean {
    const text = ({ rights, scopes }: { rights: ReadonlySet<Right>; scopes: unknown }) =>
      JSON.stringify([[...rights].sort(), scopes]);
    return (
      text({ rights: this.#rights, scopes: this.#scopes }) ===
      text({ rights: other.#rights, scopes: other.#scopes })
    );
  }

  /** True if the credential has the right anywhere at all. */
  has(right: Right): boolean {
    return this.#rights.has(right);
  }

  /** True if the right holds for this object. */
  onObject(right: Right, bucket: string, key: string): boolean {
    return this.#holds(right, (scope) => coversKey(scope, bucket, key));
  }

  /** True if the right holds for the whole bucket. */
  onBucket(right: Right, bucket: string): boolean {
    return this.#holds(right, (scope) => coversBucket(scope, bucket));
  }

  /** True if the right holds for every key with this prefix. */
  onPrefix(right: Right, bucket: string, prefix: string): boolean {
    return this.#holds(right, (scope) => coversPrefix(scope, bucket, prefix));
  }

  /** True if the right holds for something of the bucket: enough to know that it is there. */
  within(right: Right, bucket: string): boolean {
    return this.#holds(right, (scope) => touchesBucket(scope, bucket));
  }

  #holds(right: Right, isWithin: (scope: Scope) => boolean): boolean {
    return this.#rights.has(right) && (this.#scopes?.some(isWithin) ?? true);
  }
}

const ALL: readonly Right[] = [
  ...OBJECT_RIGHTS,
  ...BUCKET_RIGHTS.map((right): Right => `bucket-${right}`),
];

/** The rights of a credential that nothing was said of, as this gateway always had it. */
export const EVERYTHING = new Rights(ALL);

/** What an operation is asked to do, and on what. */
export interface Asked {
  readonly bucket: string;
  readonly key: string;
  /** Every `prefix` of the query: a backend may heed another one than we do. */
  readonly prefixes: readonly string[];
  /** The source of a copy. */
  readonly source?: { readonly bucket: string; readonly key: string };
}

/** Throws `AccessDenied` unless the operation may be run. DeleteObjects is let in for its keys to be judged one by one. */
export function checkRights(rights: Rights, operation: string, asked: Asked): void {
  const need = NEEDS.get(operation);
  const isAllowed = need ? need(rights, asked) : rights.isEverything;
  if (!isAllowed || !maySource(rights, asked.source)) throw s3Error("AccessDenied");
}

/** True if the table knows what the operation needs. */
export function hasKnownNeed(operation: string): boolean {
  return NEEDS.has(operation);
}

/** A copy opens its source, whatever carries the bytes. */
function maySource(rights: Rights, source: Asked["source"]): boolean {
  if (source === undefined) return true;
  const { bucket, key } = source;
  return rights.onObject("read", bucket, key) && rights.onObject("decrypt", bucket, key);
}

type Need = (rights: Rights, asked: Asked) => boolean;

const onObject =
  (...needed: Right[]): Need =>
  (rights, { bucket, key }) =>
    needed.every((right) => rights.onObject(right, bucket, key));

const onBucket =
  (right: Right): Need =>
  (rights, { bucket }) =>
    rights.onBucket(right, bucket);

const listing: Need = (rights, { bucket, prefixes }) =>
  (prefixes.length === 0 ? [""] : prefixes).every((prefix) =>
    rights.onPrefix("list", bucket, prefix),
  );

const anyOf =
  (...rightsOfBucket: Right[]): Need =>
  (rights, { bucket }) =>
    rightsOfBucket.some((right) => rights.within(right, bucket));

/** Operation → need; names as AWS spells them. */
const NEEDS: ReadonlyMap<string, Need> = new Map(
  (
    [
      // Answered with the buckets that the credential may list something of.
      [(rights) => rights.has("list"), "ListBuckets"],
      [onBucket("bucket-create"), "CreateBucket"],
      [onBucket("bucket-delete"), "DeleteBucket"],
      // Clients ask for these before anything else.
      [anyOf("list", "read", "write"), "HeadBucket GetBucketLocation"],
      [listing, "ListObjects ListObjectsV2 ListObjectVersions ListMultipartUploads"],
      [onObject("read", "decrypt"), "GetObject"],
      [
        onObject("read"),
        "HeadObject GetObjectAttributes GetObjectAcl GetObjectTagging GetObjectRetention GetObjectLegalHold",
      ],
      [
        onObject("write"),
        "PutObject PostObject CopyObject CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload ListParts PutObjectAcl PutObjectTagging DeleteObjectTagging PutObjectRetention PutObjectLegalHold RestoreObject",
      ],
      [onObject("delete"), "DeleteObject"],
      [anyOf("delete"), "DeleteObjects"],
      [
        onBucket("list"),
        "GetBucketAcl GetBucketPolicy GetBucketPolicyStatus GetBucketOwnershipControls GetPublicAccessBlock GetBucketAbac GetBucketCors GetBucketRequestPayment GetBucketVersioning GetObjectLockConfiguration GetBucketLifecycleConfiguration GetBucketReplication GetBucketEncryption GetBucketIntelligentTieringConfiguration ListBucketIntelligentTieringConfigurations GetBucketWebsite GetBucketAccelerateConfiguration GetBucketTagging GetBucketNotificationConfiguration GetBucketLogging GetBucketInventoryConfiguration ListBucketInventoryConfigurations GetBucketAnalyticsConfiguration ListBucketAnalyticsConfigurations GetBucketMetricsConfiguration ListBucketMetricsConfigurations",
      ],
      [
        onBucket("bucket-configure"),
        "PutBucketAcl PutBucketPolicy DeleteBucketPolicy PutBucketOwnershipControls DeleteBucketOwnershipControls PutPublicAccessBlock DeletePublicAccessBlock PutBucketAbac PutBucketCors DeleteBucketCors PutBucketRequestPayment PutBucketVersioning PutObjectLockConfiguration PutBucketLifecycleConfiguration DeleteBucketLifecycle PutBucketReplication DeleteBucketReplication PutBucketEncryption DeleteBucketEncryption PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration PutBucketWebsite DeleteBucketWebsite PutBucketAccelerateConfiguration PutBucketTagging DeleteBucketTagging PutBucketNotificationConfiguration PutBucketLogging PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration",
      ],
    ] satisfies readonly (readonly [Need, string])[]
  ).flatMap(([need, names]) => names.split(" ").map((name) => [name, need] as const)),
);

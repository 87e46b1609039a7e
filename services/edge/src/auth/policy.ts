/** Bucket policies: how the gateway treats a bucket (settings `policies`). The first one whose globs match wins. */
import type { Contents } from "@s3eg/shared/contracts/crypto.ts";
import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { ClientRate } from "../request-limits.ts";
import type { SsePolicy } from "../s3/sse.ts";

/** What holds for a bucket. */
export interface BucketPolicy {
  readonly id: string;
  readonly contents: Contents;
  readonly suite: SuiteNumber;
  /** What clients see as ETag: a function of the backend's, or the MD5 of the plaintext. */
  readonly etag: "opaque" | "md5";
  /** Whether an object gets a checksum only where its client sends one, or always. */
  readonly checksum: "client" | "always";
  /** What of a request without a signature goes to the backend, unsigned as it came. Absent: nothing. */
  readonly anonymous?: "refuse" | "read" | "pass";
  /** Name that envelopes of this bucket are bound to, where it is not its own (format.md §5). */
  readonly bindAs?: string;
  /** False: objects uploaded in parts are stored as they are. */
  readonly encryptsMultipart?: boolean;
  /** True: nothing is stored unsealed, and no copy is made of what lies unsealed. */
  readonly requiresEncryption?: boolean;
  /** Whether metadata and content headers of new objects are sealed, too (format.md §11). Absent: stored as they are. */
  readonly metadata?: "plain" | "sealed";
  /** The key that what is sealed is put under; absent: the active one. */
  readonly keyWish?: KeyWish;
  /** What becomes of a client's request for the backend's own encryption; default `pass`. */
  readonly sse?: SsePolicy;
  /** How often a client may ask for something in its buckets; absent: as often as it likes. */
  readonly rate?: ClientRate;
  /** True: nothing of its buckets is kept in the response cache. */
  readonly noCache?: boolean;
  /** True: requests over plain HTTP are refused. */
  readonly requiresTls?: boolean;
  /** True: nobody may bypass governance retention. */
  readonly disallowsLockBypass?: boolean;
  /** Plaintext bytes that an object may have; absent: as many as S3 takes. */
  readonly maxObjectBytes?: number;
}

/** False where objects of the bucket are stored as they are. */
export function sealsObjects({ contents }: BucketPolicy): boolean {
  return contents !== "pass-through";
}

/** False where objects that are uploaded in parts are. */
export function sealsUploads(policy: BucketPolicy): boolean {
  return policy.encryptsMultipart !== false && sealsObjects(policy);
}

/** True where the metadata of what is sealed are sealed, too. */
export function hidesMetadata(policy: BucketPolicy): boolean {
  return policy.metadata === "sealed" && sealsObjects(policy);
}

/** The policy's wish for a key, as messages carry it. */
export function wishOf({ keyWish }: BucketPolicy): { keyWish?: KeyWish } {
  return keyWish ? { keyWish } : {};
}

/** True where what is sealed under one policy may keep its data key under the other: nobody else's key wraps it then. */
export function sharesKey(
  { keyWish: one }: BucketPolicy,
  { keyWish: other }: BucketPolicy,
): boolean {
  return one?.provider === other?.provider && one?.keyId === other?.keyId;
}

/** A policy and the buckets it speaks of: exact names or globs with `*`. */
export interface PolicyRule extends BucketPolicy {
  readonly buckets: readonly string[];
  /** The file that says it, or its variables. */
  readonly source?: string;
  /** Where each setting that its author gave stands, by dotted path. */
  readonly givenAt?: Readonly<Record<string, string>>;
  /** How problems call the setting that names its key. */
  readonly keyWishPlace?: string;
  /** Names of what its author set and nothing comes of. */
  readonly withoutEffect?: readonly string[];
}

/** Finds the policy of a bucket. */
export class Policies {
  readonly #rules: readonly { rule: PolicyRule; matches: RegExp[] }[];
  readonly #standard: BucketPolicy;

  /** `standard` holds for every bucket that no rule names. */
  constructor(rules: readonly PolicyRule[], standard: BucketPolicy) {
    this.#rules = rules.map((rule) => ({ rule, matches: rule.buckets.map(globPattern) }));
    this.#standard = standard;
  }

  /** What holds where no rule speaks of a bucket. */
  get standard(): BucketPolicy {
    return this.#standard;
  }

  /** Every rule, in order. */
  get rules(): readonly PolicyRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** The keys that policies name, and how problems call the settings that do. */
  get keyWishes(): readonly { readonly keyWish: KeyWish; readonly place: string }[] {
    return this.rules.flatMap(({ keyWish, keyWishPlace: place = "" }) =>
      keyWish ? [{ keyWish, place }] : [],
    );
  }

  of(bucket: string): BucketPolicy {
    const found = this.#rules.find(({ matches }) =>
      matches.some((pattern) => pattern.test(bucket)),
    );
    return found?.rule ?? this.#standard;
  }
}

/** True where the glob of a policy names the bucket. */
export function isNamed(bucket: string, glob: string): boolean {
  return globPattern(glob).test(bucket);
}

function globPattern(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

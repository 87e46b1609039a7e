/** What `keys` answers. Data keys are asked for by crypto alone; edge may only ask for a header to be re-issued. */
import { z } from "zod";
import { announcement, question } from "./contract.ts";

/** Where an object lies, as its envelope binds it (format.md §5): the policy's name for the bucket, and the exact key. */
export const Place = z.strictObject({ bucket: z.string().min(1), key: z.string().min(1) });
export type Place = z.infer<typeof Place>;

/**
 * Under which key a policy wants data keys to be wrapped: a key store by its name in headers, and one of its keys where it has several.
 * Absent: the active key. Keys has the last word: what it may not use is refused, and never becomes another key.
 */
export const KeyWish = z.strictObject({
  provider: z.string().min(1),
  keyId: z.string().min(1).optional(),
});
export type KeyWish = z.infer<typeof KeyWish>;

/** A key version that a data key is wrapped under. */
export const WrappingKey = z.object({
  provider: z.string(),
  keyId: z.string(),
  keyVersion: z.number().int().nonnegative(),
});
export type WrappingKey = z.infer<typeof WrappingKey>;

/** True for a key that is what is wished for; of every key where nothing is. */
export function isWished(
  key: { provider: string; keyId: string },
  wish: KeyWish | undefined,
): boolean {
  return !wish || (key.provider === wish.provider && (wish.keyId ?? key.keyId) === key.keyId);
}

/** AEAD suite of an object (format.md §2). */
export const Suite = z.union([z.literal(1), z.literal(2)]);
export type Suite = z.infer<typeof Suite>;

/**
 * Who asks, proven: HMAC under the secret of that right over everything in the question (ARCHITECTURE.md, "Trust between
 * services"). Absent only between roles of one process.
 */
export const AskerProof = z.strictObject({
  /** KEM of the session key: 32 is DHKEM(X25519), 16 is DHKEM(P-256) (RFC 9180 §7.1). */
  kem: z.union([z.literal(32), z.literal(16)]),
  /** The asker's session public key, base64. */
  publicKey: z.base64(),
  timestampMs: z.number().int(),
  /** Fresh for every question: 16 random bytes, base64. */
  nonce: z.base64(),
  mac: z.base64(),
});
export type AskerProof = z.infer<typeof AskerProof>;

/** An answer for the asker alone: HPKE ciphertext of the answer's bytes (RFC 9180, PSK mode), AAD = SHA-256 of the question. */
export const SealedAnswer = z.object({ enc: z.base64(), ciphertext: z.base64() });
export type SealedAnswer = z.infer<typeof SealedAnswer>;

/** Bytes of a plain answer. They belong to the asker, who wipes what is secret; JSON can't carry them (trust/answer-bytes.ts). */
const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** A fresh data key and everything that goes into the header with it. */
export const IssuedDataKey = WrappingKey.extend({
  dataKey: Bytes,
  objectId: Bytes,
  commitment: Bytes,
  wrappedKey: Bytes,
});
export type IssuedDataKey = z.infer<typeof IssuedDataKey>;

/** An opened data key. */
export const UnwrappedDataKey = z.object({ dataKey: Bytes });
export type UnwrappedDataKey = z.infer<typeof UnwrappedDataKey>;

/** A header re-issued for a place, as the value of `x-amz-meta-s3eg`. */
export const ReissuedHeader = z.object({ header: z.string() });
export type ReissuedHeader = z.infer<typeof ReissuedHeader>;

/** Answer whose plain form is for the asker alone: `sealed` across processes, `plain` within one. */
export function answerOf<Plain>(plain: z.ZodType<Plain>) {
  return z.union([z.object({ sealed: SealedAnswer }), z.object({ plain })]);
}

/** Asked by crypto, answered by keys: a fresh data key, wrapped for the object's place and sealed to the asking worker. */
export const issueDataKey = question("keys.data-key.issue", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    place: Place,
    suite: Suite,
    /** Header flags (format.md §4). */
    flags: z.number().int().min(0).max(7),
    keyWish: KeyWish.optional(),
  }),
  output: answerOf(IssuedDataKey),
});

/** Asked by crypto, answered by keys: the data key of a header, if the header was made for this place. */
export const unwrapDataKey = question("keys.data-key.unwrap", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    place: Place,
    /** The value of `x-amz-meta-s3eg`. */
    header: z.string(),
  }),
  output: answerOf(UnwrappedDataKey),
});

/** Most headers in one `unwrapDataKeys`: as large as metadata can be, with keys of control characters alone, they still fit a message. */
export const MAX_UNWRAPPED = 15;

/** Of each header its data key, or its fault in the form in which it crosses (faults.ts). */
export const UnwrappedDataKeys = z.object({
  answers: z.array(z.union([UnwrappedDataKey, z.object({ fault: z.unknown() })])),
});
export type UnwrappedDataKeys = z.infer<typeof UnwrappedDataKeys>;

/** Asked by crypto, answered by keys: the data keys of several headers, for who looks at many objects; one answer per header, in order. */
export const unwrapDataKeys = question("keys.data-key.unwrap-many", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    objects: z
      .array(z.strictObject({ place: Place, header: z.string() }))
      .min(1)
      .max(MAX_UNWRAPPED),
  }),
  output: answerOf(UnwrappedDataKeys),
});

/** Which function derives a key from a password, and how much work it is (format.md §10; docs/format-1.md §3). */
export const KdfWork = z.discriminatedUnion("algorithm", [
  z.strictObject({ algorithm: z.literal("pbkdf2-sha256"), iterations: z.int().min(1) }),
  z.strictObject({
    algorithm: z.literal("argon2id"),
    passes: z.int().min(1),
    memoryKiB: z.int().min(1),
    lanes: z.int().min(1),
  }),
]);
export type KdfWork = z.infer<typeof KdfWork>;

/** Where the data key of an object of format 1 comes from (docs/format-1.md §3, §4). Bytes are base64. */
const LegacySource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("password"),
    salt: z.base64(),
    kdf: KdfWork,
  }),
  z.strictObject({
    kind: z.literal("wrapped"),
    wrappedKey: z.base64(),
    provider: z.string(),
    keyId: z.string(),
    keyVersion: z.string(),
  }),
]);

/** The keys that may be the data key: one, or one for each configured password. */
export const LegacyDataKeys = z.object({ dataKeys: z.array(Bytes) });
export type LegacyDataKeys = z.infer<typeof LegacyDataKeys>;

/** Asked by crypto, answered by keys: the data key of an object of format 1, which is bound to no place. */
export const unwrapLegacyKey = question("keys.legacy-key.unwrap", {
  input: z.strictObject({ asker: AskerProof.optional(), source: LegacySource }),
  output: answerOf(LegacyDataKeys),
});

/** Asked by edge, answered by keys: the header of an object at `from`, wrapped anew for `to`. The data key never leaves keys. */
export const reissueHeader = question("keys.header.reissue", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    header: z.string(),
    from: Place,
    to: Place,
    keyWish: KeyWish.optional(),
    /** Whether the header is to say that metadata are sealed; absent: what it says now. The asker then seals or opens them. */
    sealsMetadata: z.boolean().optional(),
  }),
  output: answerOf(ReissuedHeader),
});

/**
 * Asked by edge, answered by keys: whether data keys can be wrapped and unwrapped now, and whether keys knows what the policies wish for.
 * An answer means yes; the fault says why not. A key store that only policies choose may be away all the same.
 */
export const checkKeyStore = question("keys.key-store.check", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    keyWishes: z.array(KeyWish).max(10_000).optional(),
  }),
  output: answerOf(z.object({})),
});

/** Announced by keys, heard by crypto: a key version is refused from now on, and so is every data key that was unwrapped with it. */
export const versionRetired = announcement("keys.version.retired", WrappingKey);

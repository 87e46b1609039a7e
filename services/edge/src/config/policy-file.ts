/** The schema of a policy file (settings `policies`). */
import { Contents, mayReadPlain } from "@s3eg/shared/contracts/crypto.ts";
import { secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { KeyChoice } from "./key-choice.ts";
import { RateLimitSection } from "./traffic.ts";

/** Which ETag clients see (ARCHITECTURE.md, "ETags and listings"). */
export const etagPolicy = z.enum(["opaque", "md5"]);
/** Which objects get a checksum: those whose client sent one, or all (CRC64NVME then, as S3 does). */
export const checksumPolicy = z.enum(["client", "always"]);
/** What becomes of the metadata and content headers of new objects (format.md §11). */
export const metadataPolicy = z.enum(["plain", "sealed"]);

/** A policy file. */
export const policyFile = z
  .strictObject({
    id: z.string().min(1).describe("name of the policy, in logs and metrics"),
    buckets: z
      .array(z.string().min(1))
      .min(1)
      .describe("the buckets it is for: names, with * for any text"),
    contents: Contents.optional().describe(
      "objects that may be there: sealed ones alone, those of the earlier format too, also plain ones, or plain ones alone; default: sealed, with a password sealed+legacy",
    ),
    bind_as: z
      .string()
      .min(1)
      .optional()
      .describe("name of the bucket that envelopes are bound to, where it is not its own"),
    sse: z
      .enum(["pass", "refuse"])
      .optional()
      .describe(
        "a client's request for the backend's own encryption: goes there, or is NotImplemented; default: pass",
      ),
    etag: etagPolicy
      .optional()
      .describe("what clients see as ETag; md5: that of the plaintext; default: objects.etag"),
    checksum: checksumPolicy
      .optional()
      .describe("objects that get a checksum; default: objects.checksum"),
    metadata: metadataPolicy
      .optional()
      .describe(
        "of new objects; sealed: the backend sees neither user metadata nor content headers",
      ),
    anonymous: z
      .enum(["refuse", "read", "pass"])
      .default("refuse")
      .describe(
        "requests without a signature go to the backend without one: never, to read and list, or always",
      ),
    encrypt_multipart_uploads: z
      .boolean()
      .default(true)
      .describe(
        "false: objects uploaded in parts are stored as they are; needs contents mixed or pass-through",
      ),
    require_encryption: z
      .boolean()
      .default(false)
      .describe("nothing is stored unsealed, and no copy is made of what lies unsealed"),
    encryption: z
      .strictObject({
        preferred_algorithm: z
          .enum(["AES256-GCM", "ChaCha20-Poly1305"])
          .optional()
          .describe("suite of new objects; default: encryption.preferred_algorithm"),
        password: secret()
          .optional()
          .describe(
            "no effect: seals nothing; what it sealed is read where encryption.former_passwords has it",
          ),
        key_manager: KeyChoice.optional(),
      })
      .prefault({}),
    disable_encryption: z
      .boolean()
      .default(false)
      .describe("objects are stored as they are: another word for contents: pass-through"),
    disallow_lock_bypass: z
      .boolean()
      .default(false)
      .describe("nobody may bypass governance retention, whatever the backend would allow"),
    require_tls: z
      .boolean()
      .default(false)
      .describe(
        "requests over plain HTTP are refused, unless a trusted proxy says that its client came by HTTPS",
      ),
    max_object_size: z
      .int()
      .min(0)
      .optional()
      .describe(
        "plaintext bytes that an object may have, parts together; absent: as many as S3 takes",
      ),
    rate_limit: RateLimitSection,
    no_cache: z
      .boolean()
      .default(false)
      .describe("nothing of its buckets is kept in the response cache"),
  })
  .refine(
    (policy) => policy.encrypt_multipart_uploads || mayReadPlain(contentsOf(policy, "sealed")),
    {
      path: ["encrypt_multipart_uploads"],
      message: "false needs contents: mixed or pass-through: what it stores could not be read",
    },
  )
  .refine((policy) => !policy.disable_encryption || (policy.contents ?? PLAIN) === PLAIN, {
    path: ["disable_encryption"],
    message: "true and other contents than pass-through contradict each other",
  })
  .refine((policy) => contentsOf(policy, "sealed") !== PLAIN || !policy.encryption.key_manager, {
    path: ["encryption", "key_manager"],
    message: "names a key, and contents: pass-through (disable_encryption) seals nothing",
  })
  .refine((policy) => contentsOf(policy, "sealed") !== PLAIN || !policy.require_encryption, {
    path: ["require_encryption"],
    message: "true and contents: pass-through (disable_encryption) contradict each other",
  })
  .refine((policy) => contentsOf(policy, "sealed") !== PLAIN || policy.metadata !== "sealed", {
    path: ["metadata"],
    message: "sealed and contents: pass-through (disable_encryption) contradict each other",
  })
  .refine((policy) => policy.encrypt_multipart_uploads || policy.metadata !== "sealed", {
    path: ["metadata"],
    message: "sealed and encrypt_multipart_uploads: false contradict each other",
  })
  .refine((policy) => policy.encrypt_multipart_uploads || !policy.require_encryption, {
    path: ["require_encryption"],
    message: "true and encrypt_multipart_uploads: false contradict each other",
  });

/** What a policy file says. */
export type PolicyFile = z.infer<typeof policyFile>;

const PLAIN = "pass-through";

/** What buckets of a policy may contain; `standard` where the policy does not say it. */
export function contentsOf(
  policy: { readonly contents?: Contents | undefined; readonly disable_encryption: boolean },
  standard: Contents,
): Contents {
  return policy.disable_encryption ? PLAIN : (policy.contents ?? standard);
}

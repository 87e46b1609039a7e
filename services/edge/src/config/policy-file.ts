/** The schema of a policy file (settings `policies`). */
import { Contents, mayReadPlain } from "@s3eg/shared/contracts/crypto.ts";
import { secret } from "@s3eg/shared/runtime/config.ts";
import { NOT_YET } from "@s3eg/shared/runtime/without-effect.ts";
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
    id: z.string().min(1),
    buckets: z.array(z.string().min(1)).min(1),
    contents: Contents.optional(),
    bind_as: z.string().min(1).optional(),
    sse: z.enum(["pass", "refuse"]).optional(),
    etag: etagPolicy.optional(),
    checksum: checksumPolicy.optional(),
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
        preferred_algorithm: z.enum(["AES256-GCM", "ChaCha20-Poly1305"]).optional(),
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
      .describe(`${NOT_YET}: refuses to bypass governance retention`),
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

const PLAIN = "pass-through";

/** What buckets of a policy may contain; `standard` where the policy does not say it. */
export function contentsOf(
  policy: { readonly contents?: Contents | undefined; readonly disable_encryption: boolean },
  standard: Contents,
): Contents {
  return policy.disable_encryption ? PLAIN : (policy.contents ?? standard);
}

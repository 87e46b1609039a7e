/** How KEKs are derived from a password: `encryption.kdf`. */
import { z } from "zod";

/** `kdf`: for new epochs of password mode (format.md §10); objects name the parameters they were written with. */
export const KdfSection = z.strictObject({
  algorithm: z
    .enum(["pbkdf2-sha256", "argon2id"])
    .default("pbkdf2-sha256")
    .meta({ env: "ENCRYPTION_KDF_ALGORITHM" })
    .describe("derives KEKs from the password"),
  pbkdf2: z
    .strictObject({
      iterations: z
        .int()
        .min(100_000)
        .max(2_000_000)
        .default(600_000)
        .meta({ env: "ENCRYPTION_KDF_PBKDF2_ITERATIONS" })
        .describe("new objects use at least 600000"),
    })
    .prefault({}),
  argon2id: z
    .strictObject({
      time: z
        .int()
        .min(1)
        .max(6)
        .default(2)
        .meta({ env: "ENCRYPTION_KDF_ARGON2ID_TIME" })
        .describe("passes"),
      memory: z
        .int()
        .min(1)
        .max(262_144)
        .default(19_456)
        .meta({ env: "ENCRYPTION_KDF_ARGON2ID_MEMORY" })
        .describe("KiB; new objects use at least 19456"),
      threads: z
        .int()
        .min(1)
        .max(8)
        .default(1)
        .meta({ env: "ENCRYPTION_KDF_ARGON2ID_THREADS" })
        .describe("lanes"),
    })
    .prefault({}),
});
export type KdfSection = z.infer<typeof KdfSection>;

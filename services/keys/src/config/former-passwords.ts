/** Passwords that only read: `encryption.former_passwords`. */
import { secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { fromCompact, versionNumber } from "./compact-version.ts";

const FormerPassword = z.preprocess(
  fromCompact("password_source"),
  z.strictObject({
    version: versionNumber(),
    password_source: secret().describe("env:NAME or file:/path, every byte of it"),
  }),
);

/** Numbered like the password itself; each number once. */
export const FormerPasswords = z
  .array(FormerPassword)
  .default([])
  .refine((list) => new Set(list.map(({ version }) => version)).size === list.length, {
    message: "a version is given twice",
  })
  .meta({ env: "ENCRYPTION_FORMER_PASSWORDS" })
  .describe("passwords of before; as a variable: 1=env:NAME,2=file:/path");

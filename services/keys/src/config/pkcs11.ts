/** Settings of a PKCS#11 token, such as a hardware security module: `encryption.key_manager.pkcs11`. */
import { durationMs, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { versionNumber } from "./compact-version.ts";
import type { SettingProblem } from "./setting-problem.ts";

/** How a token wraps: AES-256-GCM under a secret key, or RSA-OAEP with SHA-256 to a key pair. */
const MECHANISMS = ["AES-GCM", "RSA-OAEP-SHA256"] as const;
export type Pkcs11Mechanism = (typeof MECHANISMS)[number];

const HEX_ID = /^(?:[0-9a-fA-F]{2})+$/;

/** `label`, `label:version` or `id=0a1b:version`, the compact forms of PKCS11_KEYS, as the YAML form has it. */
function fromCompact(entry: unknown): unknown {
  if (typeof entry !== "string") return entry;
  const { id, label, version } =
    /^(?:id=(?<id>[^:]*)|(?<label>.+?))(?::(?<version>\d+))?$/s.exec(entry)?.groups ?? {};
  const named = id === undefined ? { label } : { id };
  return version === undefined ? named : { ...named, version: Number(version) };
}

const KeySetting = z.preprocess(
  fromCompact,
  z
    .strictObject({
      label: z.string().min(1).optional().describe("CKA_LABEL of the key"),
      id: z
        .string()
        .regex(HEX_ID, "expected bytes in hex")
        .transform((hex) => hex.toLowerCase())
        .optional()
        .describe("CKA_ID of the key in hex, in place of its label"),
      version: versionNumber().default(1).describe("number that headers give it, with its name"),
      mechanism: z.enum(MECHANISMS).optional().describe("where it differs from that of the others"),
    })
    .refine(({ label, id }) => (label === undefined) !== (id === undefined), {
      message: "needs a label or an id, and not both",
    }),
);

/** `pkcs11`; configured where it has a module. */
export const Pkcs11Section = z.strictObject({
  module: z
    .string()
    .min(1)
    .optional()
    .meta({ env: "PKCS11_MODULE" })
    .describe("path of the token's PKCS#11 module, a shared library"),
  token_label: z
    .string()
    .min(1)
    .max(32)
    .optional()
    .meta({ env: "PKCS11_TOKEN_LABEL" })
    .describe("label of the token"),
  slot: z
    .int()
    .min(0)
    .optional()
    .meta({ env: "PKCS11_SLOT" })
    .describe("id of the token's slot, in place of its label"),
  pin_source: secret()
    .optional()
    .meta({ env: "PKCS11_PIN_SOURCE" })
    .describe("PIN of the user: env:NAME or file:/path; a file is read again"),
  keys: z
    .array(KeySetting)
    .default([])
    .meta({ env: "PKCS11_KEYS" })
    .describe("keys of the token, the first one writes; as a variable: label:2,other:1,id=0a1b:3"),
  mechanism: z
    .enum(MECHANISMS)
    .default("AES-GCM")
    .meta({ env: "PKCS11_MECHANISM" })
    .describe("what the keys are for: AES keys of 256 bits, or RSA key pairs"),
  envelope_auth_key: secret()
    .optional()
    .meta({ env: "PKCS11_ENVELOPE_AUTH_KEY" })
    .describe("RSA-OAEP-SHA256: env:NAME, file:/path or base64:…, 32 bytes"),
  library_parameters: z
    .string()
    .optional()
    .meta({ env: "PKCS11_LIBRARY_PARAMETERS" })
    .describe("text that the module wants at its start; NSS does"),
  timeout: durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault("5s")
    .meta({ env: "PKCS11_TIMEOUT" })
    .describe("time for one call; a module that takes longer is ended and started again"),
});
export type Pkcs11Section = z.infer<typeof Pkcs11Section>;

/** A key as the settings name it. */
export interface Pkcs11Key {
  /** Headers call it so: its label, or `id=` and its id. */
  readonly keyId: string;
  readonly keyVersion: number;
  readonly mechanism: Pkcs11Mechanism;
  readonly label: string | undefined;
  /** Hex, lower case. */
  readonly id: string | undefined;
}

/** The configured keys, in order. */
export function pkcs11Keys({ keys, mechanism: usual }: Pkcs11Section): Pkcs11Key[] {
  return keys.map(({ label, id, version, mechanism }) => ({
    keyId: label ?? `id=${id}`,
    keyVersion: version,
    mechanism: mechanism ?? usual,
    label,
    id,
  }));
}

/** What is missing before the keys can be used. */
export function pkcs11Problems(section: Pkcs11Section): SettingProblem[] {
  const { module, token_label, slot, pin_source, envelope_auth_key } = section;
  const keys = pkcs11Keys(section);
  const named = new Set(keys.map(({ keyId, keyVersion }) => `${keyVersion} ${keyId}`));
  const hasRsa = keys.some(({ mechanism }) => mechanism === "RSA-OAEP-SHA256");
  const problem = (isWell: boolean, name: string, message: string) =>
    isWell ? [] : [{ path: ["pkcs11", name], message }];
  const place = "is needed, or slot, and not both: which token is meant?";
  return [
    ...problem(module !== undefined, "module", "needs the path of a PKCS#11 module"),
    ...problem((token_label === undefined) !== (slot === undefined), "token_label", place),
    ...problem(pin_source !== undefined, "pin_source", "needs env:NAME or file:/path"),
    ...problem(keys.length > 0, "keys", "needs the label or id of a key"),
    ...problem(named.size === keys.length, "keys", "has the same key and version twice"),
    ...problem(
      !hasRsa || envelope_auth_key !== undefined,
      "envelope_auth_key",
      "RSA keys need one: with the public key alone anybody could make an envelope",
    ),
  ];
}

/** Settings of a KMIP server: `encryption.key_manager.cosmian`. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const text = () => z.string().optional();

/** `id:version`, the compact form of COSMIAN_KMS_KEYS, as the YAML form has it. */
function fromCompact(entry: unknown): unknown {
  if (typeof entry !== "string") return entry;
  const [, id, version] = /^(.+?)(?::(\d+))?$/s.exec(entry) ?? [];
  return version === undefined ? { id } : { id, version: Number(version) };
}

const KeySetting = z.preprocess(
  fromCompact,
  z.strictObject({
    id: z.string().min(1).describe("unique identifier on the server"),
    version: z.int().min(0).max(0xffff_ffff).default(0).describe("0: its place in the list"),
  }),
);

/** `cosmian`; configured where it has an endpoint. */
export const CosmianSection = z.strictObject({
  endpoint: text()
    .meta({ env: "COSMIAN_KMS_ENDPOINT" })
    .describe("URL of the server (KMIP as JSON), or host:port (binary KMIP)"),
  timeout: durationMs()
    .pipe(z.number().max(60_000))
    .prefault("0")
    .transform((ms) => ms || 10_000)
    .meta({ env: "COSMIAN_KMS_TIMEOUT" })
    .describe("time for one request; 0: 10s"),
  keys: z
    .array(KeySetting)
    .default([])
    .meta({ env: "COSMIAN_KMS_KEYS" })
    .describe("keys of the server, the first one writes; as a variable: id:1,other:2"),
  client_cert: text()
    .meta({ env: "COSMIAN_KMS_CLIENT_CERT" })
    .describe("client certificate, PEM file"),
  client_key: text().meta({ env: "COSMIAN_KMS_CLIENT_KEY" }).describe("its key, PEM file"),
  ca_cert: text()
    .meta({ env: "COSMIAN_KMS_CA_CERT" })
    .describe("CA that signs the server, PEM file"),
  insecure_skip_verify: z
    .boolean()
    .default(false)
    .meta({ env: "COSMIAN_KMS_INSECURE_SKIP_VERIFY" })
    .describe("takes any certificate"),
});

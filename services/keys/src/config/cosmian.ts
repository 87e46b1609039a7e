/** Settings of a KMIP server: `encryption.key_manager.cosmian`. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { SettingProblem } from "./setting-problem.ts";

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
export type CosmianSection = z.infer<typeof CosmianSection>;

/** A way to the server: a URL for KMIP as JSON, or host and port for binary KMIP. */
export type CosmianEndpoint =
  | { readonly kind: "json"; readonly url: URL }
  | { readonly kind: "binary"; readonly host: string; readonly port: number };

const JSON_PATH = "/kmip/2_1";

/** A URL without a path gets `/kmip/2_1`; undefined for what is neither a URL of HTTP nor `host:port`. */
export function cosmianEndpoint(endpoint: string): CosmianEndpoint | undefined {
  if (/^https?:\/\//i.test(endpoint)) {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (url?.username !== "" || url.password !== "") return undefined;
    if (url.pathname === "/") url.pathname = JSON_PATH;
    return { kind: "json", url };
  }
  const { name, v6, port } =
    /^(?:(?<name>[\w.-]+)|\[(?<v6>[\da-fA-F:.]+)\]):(?<port>\d{1,5})$/.exec(endpoint)?.groups ?? {};
  const [host, number] = [name ?? v6, Number(port)];
  if (host === undefined || !(number > 0 && number < 65_536)) return undefined;
  return { kind: "binary", host, port: number };
}

/** The keys with their versions: 0 stands for the place in the list, from 1. */
export function numberedKeys(keys: CosmianSection["keys"]): CosmianSection["keys"] {
  return keys.map(({ id, version }, index) => ({ id, version: version || index + 1 }));
}

/** What is missing before the keys can be used. */
export function cosmianProblems(section: CosmianSection): SettingProblem[] {
  const { endpoint, keys, client_cert, client_key } = section;
  const reached = cosmianEndpoint(endpoint ?? "");
  const numbered = numberedKeys(keys);
  const named = new Set(numbered.map(({ id, version }) => `${version} ${id}`));
  const problem = (isThere: boolean, name: string, message: string) =>
    isThere ? [] : [{ path: ["cosmian", name], message }];
  const both = "client_cert and client_key belong together: give both or neither";
  return [
    ...problem(reached !== undefined, "endpoint", "must be a URL (http, https) or host:port"),
    ...problem(keys.length > 0, "keys", "needs the unique identifier of a key"),
    ...problem(named.size === keys.length, "keys", "has the same key and version twice"),
    ...problem((client_cert === undefined) === (client_key === undefined), "client_key", both),
    ...problem(
      reached?.kind !== "binary" || client_cert !== undefined,
      "client_cert",
      "binary KMIP needs a client certificate",
    ),
  ];
}

/** Settings of the Transit engine of OpenBao or Vault: `encryption.key_manager.openbao`. */
import { durationMs, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { SettingProblem } from "./setting-problem.ts";

const text = () => z.string().optional();

const AuthSection = z.strictObject({
  method: z
    .enum(["token", "approle", "kubernetes"])
    .default("token")
    .meta({ env: "OPENBAO_AUTH_METHOD" })
    .describe("how keys logs in"),
  mount: text()
    .meta({ env: "OPENBAO_AUTH_MOUNT" })
    .describe("where the method is mounted; default: its name"),
  token: secret().optional().meta({ env: "OPENBAO_TOKEN" }).describe("for method token"),
  token_source: secret()
    .optional()
    .meta({ env: "OPENBAO_TOKEN_SOURCE" })
    .describe("env:NAME or file:/path, read again when a token is refused; wins over token"),
  role_id: text().meta({ env: "OPENBAO_ROLE_ID" }).describe("for method approle"),
  secret_id: secret().optional().meta({ env: "OPENBAO_SECRET_ID" }).describe("for method approle"),
  secret_id_source: secret()
    .optional()
    .meta({ env: "OPENBAO_SECRET_ID_SOURCE" })
    .describe("env:NAME or file:/path, read at each login; wins over secret_id"),
  role: text().meta({ env: "OPENBAO_AUTH_ROLE" }).describe("for method kubernetes"),
  jwt_path: z
    .string()
    .default("/var/run/secrets/kubernetes.io/serviceaccount/token")
    .meta({ env: "OPENBAO_K8S_JWT_PATH" })
    .describe("service account token for method kubernetes, read at each login"),
});

const TlsSection = z
  .strictObject({
    ca_cert: text().meta({ env: "OPENBAO_CACERT" }).describe("CA that signs the server, PEM file"),
    client_cert: text()
      .meta({ env: "OPENBAO_CLIENT_CERT" })
      .describe("client certificate, PEM file"),
    client_key: text().meta({ env: "OPENBAO_CLIENT_KEY" }).describe("its key, PEM file"),
    insecure_skip_verify: z
      .boolean()
      .default(false)
      .meta({ env: "OPENBAO_SKIP_VERIFY" })
      .describe("takes any certificate; a warning at start"),
  })
  .refine((tls) => (tls.client_cert === undefined) === (tls.client_key === undefined), {
    path: ["client_key"],
    message: "client_cert and client_key belong together: give both or neither",
  });

/** `openbao`; configured where it has an address. */
export const OpenbaoSection = z.strictObject({
  address: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ env: "OPENBAO_ADDR" })
    .describe("URL of the server"),
  transit_path: z
    .string()
    .regex(/^\w[\w.-]*(?:\/\w[\w.-]*)*$/, "expected the path of a mount, such as transit")
    .default("transit")
    .meta({ env: "OPENBAO_TRANSIT_PATH" })
    .describe("where the Transit engine is mounted"),
  key_name: z
    .string()
    .regex(/^\w[\w.-]*$/, "expected the name of a Transit key")
    .optional()
    .meta({ env: "OPENBAO_TRANSIT_KEY_NAME" })
    .describe("name of the Transit key"),
  key_id: text()
    .meta({ env: "OPENBAO_KEY_ID" })
    .describe("name of the key in headers of objects; default: transit_path/key_name"),
  namespace: text().meta({ env: "OPENBAO_NAMESPACE" }).describe("namespace of mount and login"),
  timeout: durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault("5s")
    .meta({ env: "OPENBAO_TIMEOUT" })
    .describe("time for one request"),
  auth: AuthSection.prefault({}),
  tls: TlsSection.prefault({}),
});
export type OpenbaoSection = z.infer<typeof OpenbaoSection>;

/** What is missing before the key can be used. */
export function openbaoProblems({ address, key_name, auth }: OpenbaoSection): SettingProblem[] {
  const needed = (isThere: boolean, path: readonly string[], message = "is required") =>
    isThere ? [] : [{ path: ["openbao", ...path], message }];
  const hasSecretId = auth.secret_id !== undefined || auth.secret_id_source !== undefined;
  const hasToken = auth.token !== undefined || auth.token_source !== undefined;
  const ofMethod = {
    token: () => needed(hasToken, ["auth", "token"], "method token needs token or token_source"),
    approle: () => [
      ...needed(auth.role_id !== undefined, ["auth", "role_id"], "method approle needs it"),
      ...needed(hasSecretId, ["auth", "secret_id"], "method approle needs it or secret_id_source"),
    ],
    kubernetes: () =>
      needed(auth.role !== undefined, ["auth", "role"], "method kubernetes needs it"),
  };
  return [
    ...needed(address !== undefined, ["address"]),
    ...needed(key_name !== undefined, ["key_name"]),
    ...ofMethod[auth.method](),
  ];
}

/** The custodian of `encryption.key_manager.openbao`: the Transit engine of OpenBao or Vault. */
import { readFile } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { unreadableFile } from "@s3eg/shared/runtime/setting-files.ts";
import type { OpenbaoSection } from "../config/openbao.ts";
import { readTlsFiles } from "./configured-tls-files.ts";
import { readSourceBytes } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";
import { KeyStoreHttp } from "./remote/key-store-http.ts";
import { TransitKeyStore } from "./transit/transit-key-store.ts";
import { type LoginMethod, TransitLogin } from "./transit/transit-login.ts";

type Env = CustodyParts["env"];
const SECTION = "encryption.key_manager.openbao";

/** Opens it without asking the server; `config.invalid` where a file or variable that the settings name is not there. */
export async function configuredTransit({
  config,
  env,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const section = config.key_manager.openbao;
  const { address = "", transit_path, key_name = "", key_id, namespace, timeout } = section;
  const tls = await readTlsFiles(section.tls, `${SECTION}.tls`);
  const method = loginMethodOf(section.auth, env);
  await readOnce(method);
  if (!tls.verifies) log.warn({}, `${SECTION}: any certificate is taken (insecure_skip_verify)`);
  const http = new KeyStoreHttp(new URL(address), tls);
  const onLogin = metrics && countedLogins(metrics, section.auth.method);
  const login = new TransitLogin({ http, namespace, method, timeoutMs: timeout, log, onLogin });
  const keyId = key_id ?? `${transit_path}/${key_name}`;
  const key = { mount: transit_path, name: key_name, keyId };
  return new GuardedCustodian(
    new TransitKeyStore(http, login, key),
    configuredGuarding({ config, metrics }, timeout),
  );
}

function countedLogins(metrics: Metrics, method: string): (isGood: boolean) => void {
  const logins = metrics.counter({
    name: "gateway_kms_reauth_total",
    help: "Logins to a key store, the first included; outcome success or failure.",
    labels: ["provider", "method", "outcome"],
  });
  return (isGood) =>
    logins.add({ provider: "transit", method, outcome: isGood ? "success" : "failure" });
}

function loginMethodOf(auth: OpenbaoSection["auth"], env: Env): LoginMethod {
  const { method, mount, role_id = "", role = "", jwt_path } = auth;
  switch (method) {
    case "token":
      return {
        kind: "token",
        readToken: async () =>
          new Secret(await given("token", { inline: auth.token, source: auth.token_source, env })),
      };
    case "approle":
      return {
        kind: "post",
        mount: mount ?? "approle",
        readFields: async () => {
          const { secret_id: inline, secret_id_source: source } = auth;
          const secret_id = await given("secret_id", { inline, source, env });
          return { role_id, secret_id };
        },
      };
    case "kubernetes":
      return {
        kind: "post",
        mount: mount ?? "kubernetes",
        readFields: async () => ({ role, jwt: await jwtOf(jwt_path) }),
      };
  }
}

/** A credential from its source, or as it is written in the settings. */
async function given(
  name: "token" | "secret_id",
  { inline, source, env }: { inline: Secret | undefined; source: Secret | undefined; env: Env },
): Promise<string> {
  await Promise.resolve();
  if (source === undefined) return inline?.reveal() ?? "";
  const text = readSourceBytes(source, `${SECTION}.auth.${name}_source`, env).toString("utf8");
  return notEmpty(text.trim(), `${name}_source`);
}

async function jwtOf(path: string): Promise<string> {
  try {
    return notEmpty((await readFile(path, "utf8")).trim(), "jwt_path");
  } catch (cause) {
    throw unreadableFile(`${SECTION}.auth.jwt_path`, path, cause);
  }
}

function notEmpty(text: string, name: string): string {
  if (text !== "") return text;
  throw new Fault("config.invalid", `${SECTION}.auth.${name}: is empty`);
}

/** What is not there at the start is a wrong setting; later it is a login that fails. */
async function readOnce(method: LoginMethod): Promise<void> {
  await (method.kind === "token" ? method.readToken() : method.readFields());
}

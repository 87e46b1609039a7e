/** Keys in the Transit engine of an OpenBao, made as an operator would make them. */
import type { Openbao } from "./openbao.ts";

/** What a Transit user needs and no more. */
const policyFor = (mount: string) => `
path "${mount}/encrypt/*" { capabilities = ["update"] }
path "${mount}/decrypt/*" { capabilities = ["update"] }
path "${mount}/keys/*" { capabilities = ["read"] }
`;

/** Mounts Transit with a key called `kek` and an AppRole that may use it; gives the settings that log in with it. */
export async function transitKey(
  server: Openbao,
  { mount = "transit", type = "aes256-gcm96", namespace = "", ttl = "1h", longest = "" } = {},
): Promise<Record<string, string>> {
  const inside = namespace === "" ? {} : { namespace };
  const call = (method: string, path: string, body: unknown = {}) =>
    server.call(method, path, method === "GET" ? inside : { body, ...inside });
  await call("POST", `sys/mounts/${mount}`, { type: "transit" });
  await call("POST", `${mount}/keys/kek`, { type });
  await call("PUT", `sys/policies/acl/${mount}`, { policy: policyFor(mount) });
  await call("POST", `sys/auth/${mount}-role`, { type: "approle" });
  const role = `auth/${mount}-role/role/keys`;
  await call("POST", role, {
    token_policies: [mount],
    token_ttl: ttl,
    token_max_ttl: longest || ttl,
  });
  const { data: id } = (await call("GET", `${role}/role-id`)) as {
    data: { role_id: string };
  };
  const { data: secret } = (await call("POST", `${role}/secret-id`)) as {
    data: { secret_id: string };
  };
  return {
    OPENBAO_ADDR: server.address,
    OPENBAO_TRANSIT_PATH: mount,
    OPENBAO_TRANSIT_KEY_NAME: "kek",
    OPENBAO_AUTH_METHOD: "approle",
    OPENBAO_AUTH_MOUNT: `${mount}-role`,
    OPENBAO_ROLE_ID: id.role_id,
    OPENBAO_SECRET_ID: secret.secret_id,
    ...(namespace === "" ? {} : { OPENBAO_NAMESPACE: namespace }),
  };
}

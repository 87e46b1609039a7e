/** The custodian of `encryption.key_manager.gcp_kms`. */
import { Fault } from "@s3eg/shared/faults.ts";
import { GcpKeyStore } from "./gcp/gcp-key-store.ts";
import { loadLibrary } from "./load-library.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";

const SECTION = "encryption.key_manager.gcp_kms";

/** Opens it without asking Google for anything; `config.invalid` where its SDK is not installed. */
export async function configuredGcp({
  config,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const { keys, endpoint, timeout } = config.key_manager.gcp_kms;
  const [first, ...others] = keys;
  if (first === undefined) throw new Fault("config.invalid", `${SECTION}: needs a key`);
  const name = "@google-cloud/kms";
  const { KeyManagementServiceClient } = await loadLibrary(() => import("@google-cloud/kms"), {
    name,
    section: SECTION,
  });
  if (endpoint?.startsWith("http:")) {
    log.warn({}, `${SECTION}: data keys cross the network in the clear (http)`);
  }
  // REST and not gRPC: one request is one exchange, which ends when it is to end, through any proxy.
  const client = new KeyManagementServiceClient({
    fallback: true,
    ...(endpoint === undefined ? {} : addressOf(new URL(endpoint))),
  });
  const store = new GcpKeyStore(client, { keys: [first, ...others], timeoutMs: timeout });
  return new GuardedCustodian(store, configuredGuarding({ config, metrics }, timeout));
}

function addressOf({ protocol, hostname, port }: URL) {
  const standard = protocol === "http:" ? 80 : 443;
  return {
    apiEndpoint: hostname,
    port: port === "" ? standard : Number(port),
    protocol: protocol.replace(":", ""),
  };
}

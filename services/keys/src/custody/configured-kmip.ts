/** The custodian of `encryption.key_manager.cosmian`: a KMIP server, reached over HTTP or by binary KMIP. */
import { Fault } from "@s3eg/shared/faults.ts";
import { cosmianEndpoint, numberedKeys } from "../config/cosmian.ts";
import { JsonTransport } from "../kmip/json-transport.ts";
import type { KmipTransport } from "../kmip/kmip-transport.ts";
import { SocketTransport } from "../kmip/socket-transport.ts";
import { readTlsFiles } from "./configured-tls-files.ts";
import type { KeyRef } from "./custodian.ts";
import { KmipKeyStore } from "./kmip/kmip-key-store.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";
import { KeyStoreHttp } from "./remote/key-store-http.ts";

const SECTION = "encryption.key_manager.cosmian";

/** Opens it without asking the server; `config.invalid` where a file that the settings name is not there. */
export async function configuredKmip({
  config,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const { cosmian, dual_read_window: dualReadWindow } = config.key_manager;
  const endpoint = cosmianEndpoint(cosmian.endpoint ?? "");
  const [first, ...others] = numberedKeys(cosmian.keys).map(
    ({ id, version }): KeyRef => ({ provider: "kmip", keyId: id, keyVersion: version }),
  );
  if (!endpoint || !first) {
    throw new Fault("config.invalid", `${SECTION}: needs an endpoint and a key`);
  }
  const tls = await readTlsFiles(cosmian, SECTION);
  if (!tls.verifies) log.warn({}, `${SECTION}: any certificate is taken (insecure_skip_verify)`);
  let transport: KmipTransport;
  if (endpoint.kind === "binary") {
    transport = new SocketTransport({ host: endpoint.host, port: endpoint.port, tls });
  } else {
    const { url } = endpoint;
    if (url.protocol === "http:") {
      log.warn({}, `${SECTION}: data keys cross the network in the clear (http)`);
    }
    transport = new JsonTransport(new KeyStoreHttp(url, tls), url.pathname + url.search);
  }
  const store = new KmipKeyStore(transport, { keys: [first, ...others], dualReadWindow });
  return new GuardedCustodian(store, configuredGuarding({ config, metrics }, cosmian.timeout));
}

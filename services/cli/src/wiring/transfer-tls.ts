/** Mutual TLS of the transfers between edge and crypto, from the files that `service.tls` names. */
import type { TransferTls } from "@s3eg/shared/http/transfer-server.ts";
import type { ServiceSection } from "@s3eg/shared/runtime/common-config.ts";
import { readSettingFiles } from "@s3eg/shared/runtime/setting-files.ts";

/** Undefined without files: transfers then go in the clear. `config.invalid` where one can't be read. */
export async function transferTlsOf({ tls }: ServiceSection): Promise<TransferTls | undefined> {
  const { ca_file, cert_file, key_file, server_name: serverName } = tls;
  const files = { ca_file, cert_file, key_file };
  const [ca, cert, key] = await readSettingFiles("service.tls", files);
  return ca && cert && key ? { ca, cert, key, serverName } : undefined;
}

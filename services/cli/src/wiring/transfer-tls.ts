/** Mutual TLS of the transfers between edge and crypto, from the files that `service.tls` names. */
import { readFile } from "node:fs/promises";
import type { TransferTls } from "@s3eg/shared/http/transfer-server.ts";
import type { ServiceSection } from "@s3eg/shared/runtime/common-config.ts";

/** Undefined without files: transfers then go in the clear. A file that can't be read is the system's error. */
export async function transferTlsOf({ tls }: ServiceSection): Promise<TransferTls | undefined> {
  const { ca_file, cert_file, key_file, server_name } = tls;
  if (ca_file === undefined || cert_file === undefined || key_file === undefined) return undefined;
  const [ca, cert, key] = await Promise.all([ca_file, cert_file, key_file].map(read));
  return ca && cert && key ? { ca, cert, key, serverName: server_name } : undefined;
}

async function read(file: string): Promise<Buffer> {
  return await readFile(file);
}

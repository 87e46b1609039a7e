/** PEM files that settings of a key store name. */
import { readSettingFiles } from "@s3eg/shared/runtime/setting-files.ts";
import type { KeyStoreTls } from "./remote/key-store-http.ts";

/** The files of a `tls` section as the settings name them. */
export interface TlsFiles {
  readonly ca_cert?: string | undefined;
  readonly client_cert?: string | undefined;
  readonly client_key?: string | undefined;
  readonly insecure_skip_verify: boolean;
}

/** Reads them; `config.invalid` in the name of `what` with a line for every file that can't be read. */
export async function readTlsFiles(files: TlsFiles, what: string): Promise<KeyStoreTls> {
  const { ca_cert, client_cert, client_key } = files;
  const [ca, cert, key] = await readSettingFiles(what, { ca_cert, client_cert, client_key });
  return { ca, cert, key, verifies: !files.insecure_skip_verify };
}

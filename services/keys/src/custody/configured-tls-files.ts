/** PEM files that settings of a key store name. */
import { readFile } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "../error-code.ts";
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
  const problems: string[] = [];
  const read = async (name: "ca_cert" | "client_cert" | "client_key") => {
    const path = files[name];
    if (path === undefined) return undefined;
    try {
      return await readFile(path);
    } catch (cause) {
      const reason = errorCodeOf(cause) ?? "unknown";
      problems.push(`${what}.${name}: ${path} can't be read (${reason})`);
      return undefined;
    }
  };
  const ca = await read("ca_cert");
  const cert = await read("client_cert");
  const key = await read("client_key");
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  return { ca, cert, key, verifies: !files.insecure_skip_verify };
}

/** SoftHSM: a PKCS#11 token in files, behind a module that whoever uses it loads. There is no server. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./child.ts";
import { findProgram, makeScratch } from "./place.ts";

/** A token of its own folder. */
export interface SoftHsm extends AsyncDisposable {
  /** Settings of a gateway on it, and what the module reads of the environment. */
  settings(keys: string): Record<string, string>;
  /** Makes an AES key of 256 bits that never leaves the token, unless `options` of pkcs11-tool say otherwise. */
  makeKey(label: string, options?: readonly string[]): Promise<void>;
  /** Makes an RSA key pair of 2048 bits. */
  makePair(label: string): Promise<void>;
  /** Lets the secret key of that name be used for nothing. */
  disableKey(label: string): Promise<void>;
  /** Destroys the secret key of that name. */
  destroyKey(label: string): Promise<void>;
  /** Takes the token out; what it gives puts it back. */
  takeAway(): Promise<() => Promise<void>>;
}

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const LABEL = "s3eg e2e";
const PIN = "e2e-pin-1234";
const SO_PIN = "e2e-officer-1234";

/** Makes a token that holds no key. */
export async function startSoftHsm(): Promise<SoftHsm> {
  const [util, tool] = [
    findProgram("softhsm2-util", "softhsm"),
    findProgram("pkcs11-tool", "softhsm"),
  ];
  const scratch = await makeScratch("softhsm");
  const [tokens, conf] = [join(scratch.folder, "tokens"), join(scratch.folder, "softhsm2.conf")];
  const said = ["objectstore.backend = file", "log.level = ERROR"];
  await writeFile(conf, [`directories.tokendir = ${tokens}`, ...said, ""].join("\n"));
  const env = { SOFTHSM2_CONF: conf };
  const withToken = async (...what: string[]) => {
    const login = ["--module", MODULE, "--token-label", LABEL, "--login", "--pin", PIN];
    await runToEnd({ program: tool, args: [...login, ...what], env });
  };
  await mkdir(tokens);
  const pins = ["--pin", PIN, "--so-pin", SO_PIN];
  const args = ["--init-token", "--free", "--label", LABEL, ...pins];
  await runToEnd({ program: util, args, env });
  return {
    settings: (keys) => ({
      ...env,
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "pkcs11",
      PKCS11_MODULE: MODULE,
      PKCS11_TOKEN_LABEL: LABEL,
      PKCS11_PIN_SOURCE: "env:E2E_TOKEN_PIN",
      E2E_TOKEN_PIN: PIN,
      PKCS11_KEYS: keys,
    }),
    makeKey: (label, options = ["--sensitive"]) =>
      withToken("--keygen", "--key-type", "AES:32", "--label", label, ...options),
    makePair: (label) =>
      withToken("--keypairgen", "--key-type", "rsa:2048", "--label", label, "--usage-decrypt"),
    destroyKey: (label) => withToken("--delete-object", "--type", "secrkey", "--label", label),
    async disableKey(label) {
      const script = fileURLToPath(new URL("./token-key-off.ts", import.meta.url));
      await runToEnd({ program: process.execPath, args: [script, MODULE, PIN, label], env });
    },
    async takeAway() {
      const elsewhere = `${tokens}.out`;
      await rename(tokens, elsewhere);
      return async () => await rename(elsewhere, tokens);
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

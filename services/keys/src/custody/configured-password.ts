/** The password custodian of `encryption.password`, `.key_file`, `.former_passwords` and `.kdf`. */
import { readFile } from "node:fs/promises";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { unreadableFile } from "@s3eg/shared/runtime/setting-files.ts";
import { readSourceBytes } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredWork } from "./password/kdf.ts";
import {
  PasswordCustodian,
  PasswordReader,
  type Passwords,
} from "./password/password-custodian.ts";

/** Shorter ones were never accepted. */
const MIN_PASSWORD_BYTES = 12;

/** Opens one that writes with `encryption.password`, under its number. */
export async function configuredPassword(parts: CustodyParts): Promise<PasswordCustodian> {
  const { config, folder, log } = parts;
  const { pbkdf2, argon2id } = config.kdf;
  const work = configuredWork(config.kdf);
  const isRaised =
    work.algorithm === "pbkdf2-sha256"
      ? work.iterations > pbkdf2.iterations
      : work.memoryKiB > argon2id.memory;
  if (isRaised) log.warn({ ...work }, "encryption.kdf asks for too little work: raised");
  showWork(work, parts.metrics);
  const activeVersion = config.password_version;
  const passwords = await configuredPasswords(parts);
  return new PasswordCustodian(passwords, {
    activeVersion,
    work,
    folder,
    log,
    isFips: config.fips,
  });
}

function showWork(
  { algorithm }: ReturnType<typeof configuredWork>,
  metrics: Metrics | undefined,
): void {
  metrics
    ?.gauge({
      name: "gateway_kdf_algorithm_active",
      help: "1 for the function that derives new keys from the password.",
      labels: ["algorithm"],
    })
    .set({ algorithm }, 1);
}

/** Opens one that reads what a password sealed before another key store wrote. */
export async function configuredPasswordReader(parts: CustodyParts): Promise<PasswordReader> {
  return new PasswordReader(await configuredPasswords(parts), { isFips: parts.config.fips });
}

/** Every configured password by its number; none where there is none. `config.invalid` with a line for each that can't be one. */
export async function configuredPasswords({
  config,
  env,
}: Pick<CustodyParts, "config" | "env">): Promise<Passwords> {
  const { password, key_file, password_version, former_passwords } = config;
  const passwords = new Map<number, Secret<Uint8Array>>();
  const problems: string[] = [];
  const add = async (version: number, what: string, read: () => Promise<Uint8Array>) => {
    try {
      passwords.set(version, longEnough(await read(), what));
    } catch (error) {
      if (!isFault(error, "config.invalid")) throw error;
      problems.push(error.message);
    }
  };
  if (password !== undefined) {
    const what = "encryption.password (ENCRYPTION_PASSWORD)";
    await add(password_version, what, () => Promise.resolve(Buffer.from(password.reveal())));
  }
  if (key_file !== undefined) {
    const what = "encryption.key_file (ENCRYPTION_KEY_FILE)";
    await add(password_version, what, () => readKeyFile(key_file, what));
  }
  for (const { version, password_source } of former_passwords) {
    const what = `encryption.former_passwords: version ${version}`;
    await add(version, what, async () => {
      await Promise.resolve();
      return readSourceBytes(password_source, what, env);
    });
  }
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  return passwords;
}

function longEnough(password: Uint8Array, what: string): Secret<Uint8Array> {
  if (password.byteLength >= MIN_PASSWORD_BYTES) return new Secret(password);
  throw new Fault("config.invalid", `${what}: is shorter than ${MIN_PASSWORD_BYTES} bytes`);
}

/** As it is: white space at its end belongs to the password. */
async function readKeyFile(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadableFile(what, path, cause);
  }
}

/** Secrets that a demo makes up at its first start and keeps in DATA_DIR. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";

const stored = z.strictObject({
  accessKey: z.string().min(1),
  secretKey: z.string().min(1),
  storeAccessKey: z.string().min(1),
  storeSecretKey: z.string().min(1),
  kek: z.base64(),
});
type Stored = z.infer<typeof stored>;

/** Made-up secrets. */
export interface DemoSecrets {
  readonly accessKey: string;
  readonly secretKey: Secret;
  readonly storeAccessKey: string;
  readonly storeSecretKey: Secret;
  /** A `key_source`. Whoever loses it loses every object of the demo. */
  readonly kekSource: Secret;
}

/** The secrets kept in `dataDir`, made up at the first start. The file is readable by its owner alone; a damaged one is `config.invalid`. */
export function demoSecrets(dataDir: string): DemoSecrets {
  const path = join(dataDir, "demo.json");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { accessKey, secretKey, storeAccessKey, storeSecretKey, kek } = read(path) ?? create(path);
  return {
    accessKey,
    secretKey: new Secret(secretKey),
    storeAccessKey,
    storeSecretKey: new Secret(storeSecretKey),
    kekSource: new Secret(`base64:${kek}`),
  };
}

function read(path: string): Stored | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw new Fault("config.invalid", `${path} can't be read`, { cause: error });
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch (cause) {
    // Not made up anew over a damaged file: the KEK in it may be all that opens the demo's objects.
    const message = `${path} is damaged: repair it, or remove it together with the demo store`;
    throw new Fault("config.invalid", message, { cause });
  }
}

function create(path: string): Stored {
  const secrets = {
    accessKey: `DEMO${randomBytes(8).toString("hex").toUpperCase()}`,
    secretKey: randomBytes(24).toString("base64url"),
    storeAccessKey: `STORE${randomBytes(8).toString("hex").toUpperCase()}`,
    storeSecretKey: randomBytes(24).toString("base64url"),
    kek: randomBytes(32).toString("base64"),
  };
  writeFileSync(path, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  return secrets;
}

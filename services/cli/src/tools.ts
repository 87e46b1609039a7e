/** The tools of the command line, and the words that explain them. */
import { auditVerify } from "./commands/audit-verify.ts";
import { checkConfig } from "./commands/check-config.ts";
import { decrypt } from "./commands/decrypt.ts";
import { doctor } from "./commands/doctor.ts";
import { health } from "./commands/health.ts";
import { sealExisting, unseal } from "./commands/in-place.ts";
import { init } from "./commands/init.ts";
import { inspect } from "./commands/inspect.ts";
import { jobs } from "./commands/jobs.ts";
import { keys } from "./commands/keys.ts";
import { listAlgorithm } from "./commands/list-algorithm.ts";
import { orphans } from "./commands/orphans.ts";
import { policy } from "./commands/policy.ts";
import { rewrap } from "./commands/rewrap.ts";
import { verify } from "./commands/verify.ts";
import { verifyKey } from "./commands/verify-key.ts";
import type { Env } from "./gateway-config.ts";

/** A tool: given its arguments and the environment, the text for the terminal. */
export type Tool = (args: readonly string[], env: Env) => Promise<string>;

/** What `s3eg` says to who asks for a command that it has not. */
export const USAGE = `usage: s3eg <command>

  serve [role …]         start the gateway: all roles, or edge, crypto, keys, audit, admin, dev-store
  audit verify [--from LINE] [--expect LINE:MAC] [FILE …]
                         say whether the audit trail is whole and as it was written; exit 1 and what is gone or changed
  check-config [role …]  read the configuration, print every problem and what has no effect, exit 0 or 78
  check-config --schema  print the JSON schema of the configuration
  init [--dir DIR] [--endpoint URL] [--region REGION]
                         write a first configuration with a fresh KEK and credentials for a client
  inspect BUCKET KEY     say what lies on the backend under a key (no key material is needed)
  jobs start KIND … | list | show ID | pause ID | resume ID | cancel ID
                         have a running gateway do a rewrap, seal-existing, unseal or verify, and steer it
  keys list | check | rotate VERSION | retire [--force] VERSION | restore VERSION
                         show the versions of the KEK, choose which one writes, refuse one, allow it again
  verify-key BUCKET KEY [--key-version N]
                         say under which key an object is sealed, and that it opens with it; exit 1, 3 no object, 4 another version
  list-algorithm BUCKET [--prefix P] [--workers N]
                         count the objects of a bucket by format, cipher and key
  decrypt BUCKET KEY --object FILE --metadata FILE --out FILE [--exported-key SOURCE] …
                         open an object from files, without gateway, backend or network
  doctor [role …] [--bucket BUCKET]
                         try backend, key store, upload state, broker and clock; exit 1 if anything is not well
  health [role …] [--live]
                         ask the gateway of this machine how it is; exit 1 if it is not ready, or with --live not there
  orphans [--remove] [--older-than HOURS] [BUCKET …]
                         list what is left of uploads in parts that nobody will complete, or remove it
  policy explain BUCKET [KEY]
                         say which policy an object comes under, and what comes of each setting of it
  rewrap [--dry-run] [--upgrade] [--all] [--prefix P] [--rate N] [--restart] [--no-writers] [--remove-superseded] BUCKET …
                         bring objects under the version of the KEK that writes now, without moving their bytes
  seal-existing [--dry-run] [--prefix P] [--rate N] [--restart] [--no-writers] [--remove-superseded] BUCKET …
                         seal in place what lies unsealed in buckets
  unseal --confirm [--dry-run] [--prefix P] [--rate N] [--restart] [--no-writers] [--remove-superseded] BUCKET …
                         bring the objects of buckets back to plaintext, in place
  verify [--prefix P] [--rate N] [--restart] BUCKET …
                         open every object of buckets, and name those that do not open; exit 1 if there are any

Configuration: the YAML file CONFIG_PATH (default config.yaml) and environment variables.
`;

/** The tools by their command. */
export const TOOLS: Readonly<Record<string, Tool>> = {
  audit: auditVerify,
  "check-config": checkConfig,
  decrypt,
  doctor,
  health,
  init,
  inspect,
  jobs,
  keys,
  "list-algorithm": listAlgorithm,
  orphans,
  policy,
  rewrap,
  "seal-existing": sealExisting,
  unseal,
  verify,
  "verify-key": verifyKey,
};

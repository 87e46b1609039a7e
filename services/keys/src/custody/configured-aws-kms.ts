/** The custodian of `encryption.key_manager.aws_kms`. */
import { Fault } from "@s3eg/shared/faults.ts";
import { awsKmsKey } from "../config/aws-kms.ts";
import { AwsKmsKeyStore } from "./aws-kms/aws-kms-key-store.ts";
import { loadLibrary } from "./load-library.ts";
import type { CustodyParts } from "./open-custodian.ts";
import { configuredGuarding } from "./remote/configured-guarding.ts";
import { GuardedCustodian } from "./remote/guarded-custodian.ts";

const SECTION = "encryption.key_manager.aws_kms";

/** Opens it without asking AWS for anything; `config.invalid` where its SDK is not installed. */
export async function configuredAwsKms({
  config,
  env,
  log,
  metrics,
}: CustodyParts): Promise<GuardedCustodian> {
  const { keys, region, endpoint, timeout } = config.key_manager.aws_kms;
  const [first, ...others] = keys.map(awsKmsKey).filter((key) => key !== undefined);
  if (!first) throw new Fault("config.invalid", `${SECTION}: needs a key`);
  const name = "@aws-sdk/client-kms";
  const { KMS } = await loadLibrary(() => import("@aws-sdk/client-kms"), {
    name,
    section: SECTION,
  });
  if (endpoint?.startsWith("http:")) {
    log.warn({}, `${SECTION}: data keys cross the network in the clear (http)`);
  }
  const chosenRegion = region ?? [first, ...others].find((key) => key.region)?.region;
  const credentials = credentialsOf(env);
  const client = new KMS({
    // Retries are the guard's.
    maxAttempts: 1,
    ...(credentials ? { credentials } : {}),
    ...(chosenRegion === undefined ? {} : { region: chosenRegion }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const store = new AwsKmsKeyStore(client, [first, ...others]);
  return new GuardedCustodian(store, configuredGuarding({ config, metrics }, timeout));
}

/** What the variables hold; undefined where the SDK is to look further: profiles, web identity, the container's role, the machine's. */
function credentialsOf(env: CustodyParts["env"]) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (env.AWS_PROFILE || !id || !secret) return undefined;
  const pair = { accessKeyId: id, secretAccessKey: secret };
  return token ? { ...pair, sessionToken: token } : pair;
}

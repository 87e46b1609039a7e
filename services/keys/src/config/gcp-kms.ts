/** Settings of Google Cloud KMS: `encryption.key_manager.gcp_kms`. Credentials are Google's application default credentials. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { SettingProblem } from "./setting-problem.ts";

/** `gcp_kms`; configured where it has a key. */
export const GcpKmsSection = z.strictObject({
  keys: z
    .array(z.string())
    .default([])
    .meta({ env: "GCP_KMS_KEYS" })
    .describe(
      "resource names (projects/…/locations/…/keyRings/…/cryptoKeys/…) of symmetric keys, the first one writes; with commas",
    ),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .regex(/^[^/]+\/\/[^/]+\/?$/, "expected a URL without a path")
    .optional()
    .meta({ env: "GCP_KMS_ENDPOINT" })
    .describe("URL of the service; default: https://cloudkms.googleapis.com"),
  timeout: durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault("5s")
    .meta({ env: "GCP_KMS_TIMEOUT" })
    .describe("time for one request"),
});
export type GcpKmsSection = z.infer<typeof GcpKmsSection>;

/** The resource name of a key, not of one of its versions, of which Google picks one. */
const KEY =
  /^projects\/[a-z][a-z0-9.:-]{0,98}\/locations\/[a-z0-9-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

/** What is missing before the keys can be used. */
export function gcpKmsProblems({ keys }: GcpKmsSection): SettingProblem[] {
  const problem = (isWell: boolean, message: string) =>
    isWell ? [] : [{ path: ["gcp_kms", "keys"], message }];
  return [
    ...problem(keys.length > 0, "needs the resource name of a key"),
    ...problem(
      keys.every((key) => KEY.test(key)),
      "has what is no projects/…/locations/…/keyRings/…/cryptoKeys/…",
    ),
    ...problem(new Set(keys).size === keys.length, "has the same key twice"),
  ];
}

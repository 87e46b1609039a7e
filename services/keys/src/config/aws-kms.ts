/** Settings of AWS KMS: `encryption.key_manager.aws_kms`. Credentials come by the default chain of the AWS SDK. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { SettingProblem } from "./setting-problem.ts";

/** `aws_kms`; configured where it has a key. */
export const AwsKmsSection = z.strictObject({
  keys: z
    .array(z.string())
    .default([])
    .meta({ env: "AWS_KMS_KEYS" })
    .describe("ids, ARNs or aliases of symmetric keys, the first one writes; with commas"),
  region: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, "expected a region, such as eu-central-1")
    .optional()
    .meta({ env: "AWS_KMS_REGION" })
    .describe("default: the one of the keys' ARNs, else as the AWS SDK finds it"),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ env: "AWS_KMS_ENDPOINT" })
    .describe("URL of the service; default: the region's"),
  timeout: durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault("5s")
    .meta({ env: "AWS_KMS_TIMEOUT" })
    .describe("time for one request"),
});
export type AwsKmsSection = z.infer<typeof AwsKmsSection>;

/** A key as the settings name it. */
export interface AwsKmsKey {
  /** Headers call it so: its id, or its alias with `alias/`, without region and account, so that replicas of a multi-region key are one. */
  readonly keyId: string;
  /** What AWS is given. */
  readonly target: string;
  /** Of an ARN. */
  readonly region?: string | undefined;
}

const KEY =
  /^(?:arn:[\w-]+:kms:(?<region>[\w-]+):\d{12}:)?(?:(?:key\/)?(?<id>[\w-]+)|(?<alias>alias\/[\w/-]+))$/;

/** What a setting names; undefined for what is no id, alias or ARN of either. */
export function awsKmsKey(target: string): AwsKmsKey | undefined {
  const { region, id, alias } = KEY.exec(target)?.groups ?? {};
  const keyId = alias ?? id;
  return keyId === undefined ? undefined : { keyId, target, region };
}

/** What is missing before the keys can be used. */
export function awsKmsProblems({ keys, region }: AwsKmsSection): SettingProblem[] {
  const parsed = keys.map(awsKmsKey);
  const named = parsed.map((key) => key?.keyId);
  const regions = new Set([region, ...parsed.map((key) => key?.region)].filter(Boolean));
  const problem = (isWell: boolean, message: string) =>
    isWell ? [] : [{ path: ["aws_kms", "keys"], message }];
  return [
    ...problem(keys.length > 0, "needs the id, ARN or alias of a key"),
    ...problem(!named.includes(undefined), "has what is no id, ARN or alias of a key"),
    ...problem(new Set(named).size === named.length, "has the same key twice"),
    ...problem(
      regions.size <= 1,
      "has keys of several regions; replicas of one key need one entry",
    ),
  ];
}

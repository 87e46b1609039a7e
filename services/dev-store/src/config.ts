/** What the dev-store can be told, and what it refuses to be told. */
import { isIPv4 } from "node:net";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";

const Schema = z.object({
  folder: z.string().min(1).describe("Where buckets are kept; made if it is not there."),
  host: z
    .string()
    .refine(
      isLoopback,
      "the dev-store is for demo and tests: it listens on a loopback address only",
    )
    .describe("Address to listen on: a loopback address."),
  port: z.int().min(0).max(65_535).describe("Port to listen on; 0 takes any free one."),
  nodeEnv: z
    .string()
    .optional()
    .refine(
      (value) => value !== "production",
      "the dev-store does not run with NODE_ENV=production",
    )
    .describe("Value of NODE_ENV."),
  credentials: z
    .array(z.object({ accessKey: z.string().min(1), secretKey: z.instanceof(Secret<string>) }))
    .min(1)
    .describe("Who may sign requests. All of them may do everything."),
});
/** What the dev-store is told. `nodeEnv` is the value of NODE_ENV: the demo store does not run in production. */
export type DevStoreConfig = z.infer<typeof Schema>;

/** The settings, once they are found to be right. Throws `config.invalid` with a line for every problem. */
export function checkConfig(settings: DevStoreConfig): DevStoreConfig {
  const parsed = Schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new Fault("config.invalid", z.prettifyError(parsed.error));
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Runs a round-trip client as a process of its own against a server. */
import { join } from "node:path";
import { type Command, startChild } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";

/** The clients there are: boto3 and the AWS SDK for JavaScript. */
export type ClientName = "boto3" | "aws-sdk-js";

/** Runs the client with more arguments of its own. Throws with what it printed when it found a difference. */
export async function runClient(
  name: ClientName,
  server: S3Server,
  more: readonly string[] = [],
): Promise<void> {
  const { endpoint, accessKey, secretKey, region } = server;
  const access = ["--endpoint", endpoint, "--access-key", accessKey, "--secret-key", secretKey];
  const child = await startChild(commandOf(name, [...access, "--region", region, ...more]));
  const code = await child.exited;
  if (code !== 0) throw new Error(`${name} against ${server.name}:\n${child.logTail()}`);
}

function commandOf(name: ClientName, args: readonly string[]): Command {
  if (name === "aws-sdk-js") {
    const script = join(import.meta.dirname, "round-trip.ts");
    return { program: process.execPath, args: [script, ...args] };
  }
  const script = join(import.meta.dirname, "round-trip.py");
  const env = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
  return { program: findProgram("python3", "python"), args: [script, ...args], env };
}

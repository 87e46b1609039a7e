/** Environments for tests: complete, so that a test shows what its change alone does. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdjustableLog, Log } from "@s3eg/shared/runtime/log.ts";
import type { Env } from "../src/gateway-config.ts";

/** A KEK. */
export const KEK = Buffer.alloc(32, 1).toString("base64");

/** Everything a gateway in one process needs, with a backend that nobody talks to. */
export const COMPLETE: Env = {
  LISTEN_ADDR: "127.0.0.1:0",
  BACKEND_ENDPOINT: "http://127.0.0.1:1",
  BACKEND_ACCESS_KEY: "A",
  BACKEND_SECRET_KEY: "S",
  GW_CRED_0_ACCESS_KEY: "A",
  GW_CRED_0_SECRET_KEY: "S",
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "self_contained",
  SELF_CONTAINED_TYPE: "aes",
  SELF_CONTAINED_AES_KEYS: "1=env:KEK",
  KEK,
  AUDIT_ENABLED: "false",
};

/** A folder that is gone when the test ends. */
export async function scratchFolder(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-cli-"));
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A log that keeps its messages. */
export class KeptLog implements AdjustableLog {
  readonly lines: string[] = [];

  debug(_fields: unknown, message: string): void {
    this.lines.push(message);
  }

  info(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  warn(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  error(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  child(): Log {
    return this;
  }

  setLevel(): void {}
}

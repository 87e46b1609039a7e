/** Asks a Redis that we started, as its administrator. */
import { runToEnd } from "./child.ts";
import { findProgram } from "./place.ts";
import type { RedisServer } from "./redis.ts";

/** What `redis-cli` prints for a command, without the last line break. */
export async function redisCall(
  { port, password }: Pick<RedisServer, "port" | "password">,
  ...command: readonly string[]
): Promise<string> {
  const program = findProgram("redis-cli", "redis");
  const connection = ["-h", "127.0.0.1", "-p", String(port), "-a", password, "--no-auth-warning"];
  const text = await runToEnd({ program, args: [...connection, ...command] });
  return text.trimEnd();
}

/** All keys, in order. */
export async function redisKeys(server: Pick<RedisServer, "port" | "password">): Promise<string[]> {
  const text = await redisCall(server, "--raw", "keys", "*");
  return text === "" ? [] : text.split("\n").sort();
}

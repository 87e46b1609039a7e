/** Redis, standing in for Valkey (same protocol; packaged everywhere). */
import { connect } from "node:net";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A running Redis on loopback. */
export interface RedisServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly password: string;
  readonly pids: readonly number[];
}

/** Starts a Redis that keeps nothing on disk and wants a password. */
export async function startRedis(): Promise<RedisServer> {
  const program = findProgram("redis-server", "redis");
  const scratch = await makeScratch("redis");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const password = "redis-password";
    const child = await startChild({
      program,
      args: [
        ...["--bind", "127.0.0.1", "--port", String(port), "--requirepass", password],
        ...["--save", "", "--appendonly", "no", "--dir", scratch.folder],
      ],
    });
    children.push(child);
    await untilReady("redis-server", children, { probe: () => answersPing(port, password) });
    return {
      address: `127.0.0.1:${port}`,
      password,
      pids: [child.pid],
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`AUTH ${password}\r\nPING\r\n`);
    });
    let answer = "";
    const settle = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (answer.includes("PONG")) settle(true);
    });
    socket.on("error", () => settle(false));
    socket.setTimeout(1000, () => settle(false));
  });
}

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Env } from "../../src/gateway-config.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** The `s3eg` command as a process of its own, with nothing in its environment but `env`. */
class Command {
  readonly child: ChildProcess;
  out = "";
  err = "";

  constructor(args: readonly string[], { env, cwd }: { env: Env; cwd: string }) {
    this.child = spawn(process.execPath, [MAIN, ...args], { env: { ...env }, cwd });
    this.child.stdout?.on("data", (text) => {
      this.out += String(text);
    });
    this.child.stderr?.on("data", (text) => {
      this.err += String(text);
    });
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    const [code] = (await once(this.child, "close")) as [number | null];
    return code;
  }

  /** Resolves when this was printed. */
  async prints(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.out)) {
      if (this.child.stdout === null || this.child.exitCode !== null) {
        throw new Error(`ended without printing it: ${this.err}`);
      }
      await Promise.race([once(this.child.stdout, "data"), once(this.child, "close")]);
    }
  }
}

describe("s3eg serve", () => {
  it("starts the demo without a setting, says how to sign in, goes on at SIGHUP and stops with 0 when it is told to", async () => {
    await using scratch = await scratchFolder();
    const env = { LISTEN_ADDR: "127.0.0.1:0", DATA_DIR: scratch.folder };
    const command = new Command([], { env, cwd: scratch.folder });
    const ended = command.ended();
    await command.prints(/s3:\/\/demo\/hello\.txt/);
    const [, endpoint] = /S3 endpoint +(http:\S+)/.exec(command.out) ?? [];
    assert.equal((await fetch(`${endpoint}/ready`)).status, 200);
    command.child.kill("SIGHUP");
    await command.prints(/"cause":"signal".*nothing has changed/);
    command.child.kill("SIGTERM");
    assert.equal(await ended, 0);
  });

  it("ends with 78 and every problem where the configuration is wrong", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, LISTEN_ADDR: "nowhere", LOG_LEVEL: "loud" };
    for (const args of [["serve"], ["check-config"]]) {
      const command = new Command(args, { env, cwd: scratch.folder });
      assert.equal(await command.ended(), 78, args.join());
      assert.match(command.err, /LISTEN_ADDR/);
      assert.match(command.err, /LOG_LEVEL/);
    }
  });

  it("says once what is set and has no effect", async () => {
    await using scratch = await scratchFolder();
    const name = "SERVER_MAX_LEGACY_COPY_SOURCE_BYTES";
    const env = { LISTEN_ADDR: "127.0.0.1:0", DATA_DIR: scratch.folder, [name]: "1" };
    const command = new Command([], { env, cwd: scratch.folder });
    const ended = command.ended();
    await command.prints(/s3:\/\/demo\/hello\.txt/);
    command.child.kill("SIGTERM");
    assert.equal(await ended, 0);
    const warnings = command.out.split("\n").filter((line) => line.includes("without effect"));
    assert.equal(warnings.length, 1);
    const setting = `"settings":["${name} (server.max_legacy_copy_source_bytes)"]`;
    assert.ok(warnings[0]?.includes(setting), warnings[0]);
  });

  it("ends with 2 and its usage for a command that does not exist", async () => {
    await using scratch = await scratchFolder();
    const command = new Command(["sreve"], { env: {}, cwd: scratch.folder });
    assert.equal(await command.ended(), 2);
    assert.match(command.err, /^usage: s3eg/);
  });
});

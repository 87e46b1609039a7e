import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { describe, it, mock } from "node:test";
import { Fault } from "../../src/faults.ts";
import { type Host, runUntilSignal, type Starting } from "../../src/runtime/lifecycle.ts";
import { createLog, type Log } from "../../src/runtime/log.ts";

/** A process that can be sent signals and remembers how it ended. */
class RecordingHost extends EventEmitter implements Host {
  readonly exits: number[] = [];
  complaints = "";
  complain(text: string): void {
    this.complaints += text;
  }
  exit(code: number): void {
    this.exits.push(code);
  }
}

function capture(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { log: createLog({ service: "test", level: "info", destination }), lines };
}

/** Starts something and waits until it runs. */
async function running(open: (starting: Starting) => void, graceMs = 1000) {
  const host = new RecordingHost();
  const { log, lines } = capture();
  const isStarted = Promise.withResolvers<void>();
  const ended = runUntilSignal(
    async (starting) => {
      open(starting);
      isStarted.resolve();
      return log;
    },
    { host, graceMs },
  );
  await isStarted.promise;
  return { host, lines, ended };
}

describe("runUntilSignal", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`closes what was opened, the last first, and exits 0 on ${signal}`, async () => {
      const closed: string[] = [];
      const { host, ended } = await running(({ stack }) => {
        stack.defer(async () => void closed.push("bus"));
        stack.defer(async () => void closed.push("server"));
      });
      assert.deepEqual(host.exits, []);
      host.emit(signal, signal);
      await ended;
      assert.deepEqual(closed, ["server", "bus"]);
      assert.deepEqual(host.exits, [0]);
      assert.equal(host.listenerCount(signal), 0);
    });
  }

  it("exits at once on a second signal", async () => {
    const { host, ended } = await running(({ stack }) => {
      stack.defer(async () => {
        host.emit("SIGINT", "SIGINT");
        assert.deepEqual(host.exits, [130]);
      });
    });
    host.emit("SIGTERM", "SIGTERM");
    await ended;
  });

  it("exits 1 when closing takes longer than the grace time", async () => {
    const { host, ended, lines } = await running(({ stack }) => {
      stack.defer(() => new Promise(() => {}));
    }, 1);
    host.emit("SIGTERM", "SIGTERM");
    await ended;
    assert.deepEqual(host.exits, [1]);
    assert.match(lines.at(-1) ?? "", /not everything closed within 1 ms/);
  });

  it("exits 1 when closing fails, and closes the rest all the same", async () => {
    const closed: string[] = [];
    const { host, ended } = await running(({ stack }) => {
      stack.defer(async () => void closed.push("bus"));
      stack.defer(() => Promise.reject(new Error("broken")));
    });
    host.emit("SIGTERM", "SIGTERM");
    await ended;
    assert.deepEqual(host.exits, [1]);
    assert.deepEqual(closed, ["bus"]);
  });

  it("prints every problem of a refused configuration and exits 78", async () => {
    const host = new RecordingHost();
    await runUntilSignal(
      () => Promise.reject(new Fault("config.invalid", "a: wrong\nb: missing")),
      {
        host,
      },
    );
    assert.equal(host.complaints, "configuration refused:\n  a: wrong\n  b: missing\n");
    assert.deepEqual(host.exits, [78]);
  });

  it("closes what a failed start had opened and exits 1", async () => {
    const host = new RecordingHost();
    const close = mock.fn(async () => {});
    await runUntilSignal(
      async ({ stack }) => {
        stack.defer(close);
        throw new Error("port taken");
      },
      { host },
    );
    assert.equal(close.mock.callCount(), 1);
    assert.match(host.complaints, /did not start: Error: port taken/);
    assert.deepEqual(host.exits, [1]);
  });

  it("stops a start that is still under way, and exits 0", async () => {
    const host = new RecordingHost();
    const ended = runUntilSignal(
      async ({ stop }) => {
        await once(stop, "abort");
        stop.throwIfAborted();
        return capture().log;
      },
      { host },
    );
    host.emit("SIGTERM", "SIGTERM");
    await ended;
    assert.deepEqual(host.exits, [0]);
    assert.equal(host.complaints, "");
  });

  it("logs an uncaught exception and exits 1", async () => {
    const { host, lines, ended } = await running(() => {});
    host.emit("uncaughtException", new Error("bug"));
    assert.deepEqual(host.exits, [1]);
    assert.match(lines.join(""), /"message":"bug"/);
    host.emit("SIGTERM", "SIGTERM");
    await ended;
  });

  it("goes on at SIGHUP, and tells whoever listens, also of one that came before", async () => {
    let told = 0;
    const { host, ended } = await running(({ onHangUp }) => {
      queueMicrotask(() =>
        onHangUp(() => {
          told += 1;
        }),
      );
    });
    host.emit("SIGHUP", "SIGHUP");
    host.emit("SIGHUP", "SIGHUP");
    assert.equal(told, 2);
    assert.deepEqual(host.exits, []);
    host.emit("SIGTERM", "SIGTERM");
    await ended;
    assert.deepEqual(host.exits, [0]);
  });

  it("is ended by no SIGHUP that nobody listens for", async () => {
    const heard: string[] = [];
    const { host, ended } = await running(({ onHangUp, stack }) => {
      stack.defer(() => onHangUp(() => heard.push("late")));
    });
    host.emit("SIGHUP", "SIGHUP");
    assert.deepEqual(host.exits, []);
    host.emit("SIGTERM", "SIGTERM");
    await ended;
    assert.deepEqual(heard, ["late"]);
  });

  it("ends a real process on a real signal, and on a rejection nobody handled", async () => {
    const lifecycle = new URL("../../src/runtime/lifecycle.ts", import.meta.url);
    const script = (then: string) => `
      import { runUntilSignal, thisProcess } from ${JSON.stringify(lifecycle.href)};
      const log = { debug() {}, info() {}, warn() {}, error: () => process.stdout.write("logged"), child: () => log };
      await runUntilSignal(async ({ stack }) => {
        const timer = setInterval(() => {}, 1000);
        stack.defer(async () => { clearInterval(timer); process.stdout.write("closed"); });
        setTimeout(() => { ${then} }, 1);
        return log;
      }, { host: thisProcess() });`;
    assert.deepEqual(await run(script('process.kill(process.pid, "SIGTERM")')), ["closed", 0]);
    assert.deepEqual(await run(script('Promise.reject(new Error("x"))')), ["logged", 1]);
  });
});

async function run(script: string): Promise<[output: string, code: number]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = (await once(child, "close")) as [number];
  return [output, code];
}

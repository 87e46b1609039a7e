/** The side of keys: starts the process of a PKCS#11 module, asks it one question after the other, and ends it where it does not answer. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { Fault, fromWireFault, isFault } from "@s3eg/shared/faults.ts";
import { FrameReader, framed } from "./frames.ts";
import type { CipherText } from "./token.ts";
import type { KeyFacts, NamedKey } from "./token-keys.ts";
import type { Opening, Question } from "./token-server.ts";

/** A token, as keys asks it: the same as `Token`, and as a `RemoteKeyStore` with a time limit for each call. */
export interface RemoteToken extends AsyncDisposable {
  describe(key: NamedKey, signal: AbortSignal): Promise<KeyFacts>;
  encrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer>;
  decrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer>;
}

/** How the module is started. */
export interface HostOptions {
  /** Which module and token, with the PIN as it is now; a Fault where there is none. Called for each start of the process. */
  readonly opening: () => Opening;
  /** For one call, in milliseconds. */
  readonly timeoutMs: number;
  /** Environment of the module. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What runs in the process; for tests. */
  readonly program?: URL;
}

const PROGRAM = new URL("./module-process.ts", import.meta.url);
/** The process starts, the module opens the token and logs in: longer than a call. Who asks waits no longer for that. */
const START_MS = 10_000;
const END_GRACE_MS = 2000;

/** A token behind a process. It is started by the first call, and after it ended by the next one. */
export class ModuleHost implements RemoteToken {
  readonly #options: HostOptions;
  #process: ModuleProcess | undefined;
  #hasStarted = false;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();
  /** An opening whose PIN was refused: sent again it would lock the token. */
  #refused: { readonly opening: string; readonly fault: Fault } | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async describe(key: NamedKey, signal: AbortSignal): Promise<KeyFacts> {
    const answer = await this.#ask("describe", [jsonField(key)], signal);
    return JSON.parse(answer.toString("utf8")) as KeyFacts;
  }

  async encrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer> {
    return await this.#ask("encrypt", cipherFields(key, text), signal);
  }

  async decrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer> {
    return await this.#ask("decrypt", cipherFields(key, text), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    // Also one that is still starting.
    await this.#process?.end();
  }

  /** In turn; whose time is over before its turn does not ask any more. */
  async #ask(question: Question, fields: Uint8Array[], signal: AbortSignal): Promise<Buffer> {
    const before = this.#last;
    const mine = before.then(async () => {
      signal.throwIfAborted();
      return await this.#askNow(question, fields);
    });
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #askNow(question: Question, fields: Uint8Array[]): Promise<Buffer> {
    const running = this.#process?.isRunning ? this.#process : await this.#start();
    try {
      return await running.ask(question, fields);
    } catch (error) {
      await this.#noteRefusal(error, running);
      throw error;
    }
  }

  async #start(): Promise<ModuleProcess> {
    try {
      const started = await this.#startNow();
      this.#hasStarted = true;
      return started;
    } catch (error) {
      // What was well when keys started is away now, and may come back.
      if (!this.#hasStarted || !isFault(error, "config.invalid")) throw error;
      throw new Fault("keys.unavailable", error.message, { cause: error });
    }
  }

  async #startNow(): Promise<ModuleProcess> {
    const { opening, timeoutMs, env, program = PROGRAM } = this.#options;
    const text = JSON.stringify(opening());
    if (this.#refused?.opening === text) throw this.#refused.fault;
    if (this.#isClosed) throw new Fault("keys.unavailable", "the PKCS#11 module is closed");
    const started = new ModuleProcess(program, { env, timeoutMs, opening: text });
    this.#process = started;
    try {
      await started.ask("open", [Buffer.from(text)]);
    } catch (error) {
      await this.#noteRefusal(error, started);
      await started.end();
      throw error;
    }
    return started;
  }

  async #noteRefusal(error: unknown, { opening, end }: ModuleProcess): Promise<void> {
    if (!isFault(error, "keys.denied") || error.details.pin !== "refused") return;
    this.#refused = { opening, fault: error };
    // The next one starts with the PIN as it is then.
    await end();
  }
}

/** One run of the process. */
class ModuleProcess {
  readonly opening: string;
  readonly #child: ChildProcess;
  readonly #stream: Duplex;
  readonly #reader = new FrameReader();
  readonly #timeoutMs: number;
  readonly #ended = Promise.withResolvers<void>();
  #waiting: PromiseWithResolvers<Buffer> | undefined;
  #isRunning = true;

  constructor(
    program: URL,
    { env, timeoutMs, opening }: Pick<HostOptions, "env" | "timeoutMs"> & { opening: string },
  ) {
    this.opening = opening;
    this.#timeoutMs = timeoutMs;
    this.#child = spawn(process.execPath, [fileURLToPath(program)], {
      env,
      // What a module prints is nobody's output.
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    this.#stream = this.#child.stdio[3] as Duplex;
    this.#stream.on("data", (piece: Buffer) => this.#read(piece));
    this.#stream.on("error", () => this.#fail("the process of the PKCS#11 module is gone"));
    this.#child.on("error", () => {
      this.#fail("the process of the PKCS#11 module does not start");
      if (this.#child.pid === undefined) this.#ended.resolve();
    });
    this.#child.on("exit", (code, signal) => {
      this.#fail(`the process of the PKCS#11 module ended (${signal ?? code})`);
      this.#ended.resolve();
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The answer, which the caller wipes; wipes nothing of what it is given. One question at a time. */
  async ask(question: Question, fields: readonly Uint8Array[]): Promise<Buffer> {
    const answer = Promise.withResolvers<Buffer>();
    const timer = setTimeout(
      () => this.#fail("the PKCS#11 module did not answer in time"),
      question === "open" ? Math.max(START_MS, this.#timeoutMs) : this.#timeoutMs,
    );
    this.#waiting = answer;
    if (!this.#isRunning) this.#fail("the process of the PKCS#11 module is gone");
    const frame = framed([Buffer.from(question), ...fields]);
    this.#stream.write(frame, () => frame.fill(0));
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets it close the token; resolves when the process is gone. */
  readonly end = async (): Promise<void> => {
    this.#isRunning = false;
    this.#stream.end();
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), END_GRACE_MS);
    await this.#ended.promise;
    clearTimeout(killer);
  };

  #read(piece: Buffer): void {
    try {
      for (const [kind, body] of this.#reader.push(piece)) {
        if (kind?.toString("utf8") === "ok" && body) this.#waiting?.resolve(body);
        else this.#waiting?.reject(fromWireFault(JSON.parse(body?.toString("utf8") ?? "")));
        this.#waiting = undefined;
      }
    } catch {
      this.#fail("the process of the PKCS#11 module is not understood");
    }
  }

  /** It is of no use any more: nothing but its end stops a call of a module. */
  #fail(message: string): void {
    this.#isRunning = false;
    this.#child.kill("SIGKILL");
    this.#waiting?.reject(new Fault("keys.unavailable", message));
    this.#waiting = undefined;
  }
}

function jsonField({ mechanism, label, id }: NamedKey): Buffer {
  return Buffer.from(JSON.stringify({ mechanism, label, id }));
}

function cipherFields(key: NamedKey, { data, iv, associatedData }: CipherText): Uint8Array[] {
  return [jsonField(key), data, iv, associatedData];
}

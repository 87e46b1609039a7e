/** The side of keys: starts the process of a PKCS#11 module, asks it one question after the other, and ends it where it does not answer. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { Fault, fromWireFault, isFault } from "@s3eg/shared/faults.ts";
import { FrameReader, framed } from "./frames.ts";
import type { CipherText, TokenPlace } from "./token.ts";
import type { KeyFacts, NamedKey } from "./token-keys.ts";
import type { Question } from "./token-server.ts";

/** A token, as keys asks it: the same as `Token`, and as a `RemoteKeyStore` with a time limit for each call. */
export interface RemoteToken extends AsyncDisposable {
  /** Loads the module, which asks the token nothing; `config.invalid` where that can't be. */
  launch(): Promise<void>;
  describe(key: NamedKey, signal: AbortSignal): Promise<KeyFacts>;
  encrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer>;
  decrypt(key: NamedKey, text: CipherText, signal: AbortSignal): Promise<Buffer>;
}

/** How the module is started. */
export interface HostOptions {
  /** Path of the module. */
  readonly module: string;
  /** Which token, with the PIN as it is now; a Fault where there is none. Called each time that it is opened. */
  readonly place: () => TokenPlace;
  /** For one call, in milliseconds. */
  readonly timeoutMs: number;
  /** Environment of the module. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What runs in the process; for tests. */
  readonly program?: URL;
}

const PROGRAM = new URL("./module-process.ts", import.meta.url);
/** A process starts and loads a library, on a machine that may have much else to do. */
const LAUNCH_MS = 30_000;
const END_GRACE_MS = 2000;

/** A token behind a process, which is started where it is needed and none is running. */
export class ModuleHost implements RemoteToken {
  readonly #options: HostOptions;
  #process: ModuleProcess | undefined;
  #hasLaunched = false;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();
  /** A place whose PIN was refused: said again it would lock the token. */
  #refused: { readonly place: string; readonly fault: Fault } | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async launch(): Promise<void> {
    await this.#inTurn(async () => void (await this.#launched()));
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

  async #ask(question: Question, fields: Uint8Array[], signal: AbortSignal): Promise<Buffer> {
    return await this.#inTurn(async () => {
      // Whose time is over before its turn does not ask any more.
      signal.throwIfAborted();
      const running = await this.#opened();
      try {
        return await running.ask(question, fields);
      } catch (error) {
        this.#noteRefusal(error, running);
        throw error;
      }
    });
  }

  async #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #opened(): Promise<ModuleProcess> {
    if (this.#process?.isRunning && this.#process.opened !== undefined) return this.#process;
    const place = JSON.stringify(this.#place());
    if (this.#refused?.place === place) throw this.#refused.fault;
    const running = await this.#launched();
    running.opened = place;
    try {
      await running.ask("open", [Buffer.from(place)]);
    } catch (error) {
      this.#noteRefusal(error, running);
      running.opened = undefined;
      throw error;
    }
    return running;
  }

  async #launched(): Promise<ModuleProcess> {
    if (this.#process?.isRunning) return this.#process;
    if (this.#isClosed) throw new Fault("keys.unavailable", "the PKCS#11 module is closed");
    const { module, timeoutMs, env, program = PROGRAM } = this.#options;
    const launched = new ModuleProcess(program, { env, timeoutMs });
    this.#process = launched;
    try {
      await launched.ask("load", [Buffer.from(module)]);
    } catch (error) {
      await launched.end();
      throw this.#laterAway(error);
    }
    this.#hasLaunched = true;
    return launched;
  }

  #place(): TokenPlace {
    try {
      return this.#options.place();
    } catch (error) {
      throw this.#laterAway(error);
    }
  }

  /** What was well when keys started is away now where it is not, and may come back. */
  #laterAway(error: unknown): unknown {
    if (!this.#hasLaunched || !isFault(error, "config.invalid")) return error;
    return new Fault("keys.unavailable", error.message, { cause: error });
  }

  /** Also of a session that was opened anew within the process. */
  #noteRefusal(error: unknown, running: ModuleProcess): void {
    if (!isFault(error, "keys.denied") || error.details.pin !== "refused") return;
    this.#refused = { place: running.opened ?? "", fault: error };
    running.opened = undefined;
  }
}

/** One run of the process. */
class ModuleProcess {
  /** The place of the token that is open, or being opened. */
  opened: string | undefined;
  readonly #child: ChildProcess;
  readonly #stream: Duplex;
  readonly #reader = new FrameReader();
  readonly #timeoutMs: number;
  readonly #ended = Promise.withResolvers<void>();
  #waiting: PromiseWithResolvers<Buffer> | undefined;
  #isRunning = true;

  constructor(program: URL, { env, timeoutMs }: Pick<HostOptions, "env" | "timeoutMs">) {
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
      question === "load" ? LAUNCH_MS : this.#timeoutMs,
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
  async end(): Promise<void> {
    this.#isRunning = false;
    this.#stream.end();
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), END_GRACE_MS);
    await this.#ended.promise;
    clearTimeout(killer);
  }

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

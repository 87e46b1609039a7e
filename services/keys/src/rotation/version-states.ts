/**
 * Decisions about key versions, kept in a folder: one file per decision, numbered. A file that is there is never changed, so that of two
 * decisions at once one is lost loudly and a reader sees whole ones.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { canonicalJson } from "@s3eg/shared/trust/canonical-json.ts";
import { isSameKey, type KeyRef } from "../custody/custodian.ts";
import {
  type Action,
  type Change,
  Decision,
  decisionAfter,
  type NumberedDecision,
} from "./decision.ts";

/** `active` wraps and unwraps, `by-policy` too, but wraps only where a policy says so, `readable` unwraps, `retired` is refused. */
export type VersionState = "active" | "by-policy" | "readable" | "retired";

/** The decisions of a deployment, in `folder` of DATA_DIR; it need not exist. Every question sees what was decided by then, by any process. */
export class VersionStates {
  readonly #folder: string;
  #revision: number | undefined;
  #decision: Decision | undefined;
  #refusal: Fault | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those kept in the folder of keys in DATA_DIR. */
  static ofKeys(folder: string): VersionStates {
    return new VersionStates(join(folder, "versions"));
  }

  /** The decisions that hold now; undefined where nobody has decided anything. `config.invalid` for a file that can't be read: nothing is guessed. */
  current(): Decision | undefined {
    if (this.#refusal) throw this.#refusal;
    if (this.#revision === undefined) this.#findLast();
    for (let next = this.#known + 1; existsSync(this.#pathOf(next)); next += 1) {
      this.#decision = this.#read(next);
      this.#revision = next;
    }
    return this.#decision;
  }

  /** Number of the last decision; 0 where there is none. */
  get revision(): number {
    this.current();
    return this.#known;
  }

  /** True for a version that may not be used any more. */
  isRetired(key: KeyRef): boolean {
    return this.current()?.retired.some((retired) => isSameKey(retired, key)) ?? false;
  }

  /** The decisions behind number `after`, as far as they are here. */
  since(after: number): NumberedDecision[] {
    const { revision } = this;
    const numbers = Array.from({ length: Math.max(0, revision - after) }, (_, n) => after + 1 + n);
    return numbers
      .filter((number) => existsSync(this.#pathOf(number)))
      .map((number) => ({ number, decision: this.#read(number) }));
  }

  /** The decision that a change of what holds now would be. `backend.changed` if that is not what revision `seen` said. */
  next(change: Change, seen = this.revision): NumberedDecision {
    const before = this.current();
    if (this.#known !== seen) throw changedMeanwhile();
    return { number: seen + 1, decision: decisionAfter(before, change) };
  }

  /**
   * Keeps the next decision, or a later one that was made elsewhere. `backend.changed` if another one has its number by now, and `config.invalid`
   * where it can't be kept.
   */
  keep({ number, decision }: NumberedDecision): void {
    if (!this.#holds({ number, decision })) this.#write(number, decision);
    if (number <= this.revision) return;
    [this.#revision, this.#decision] = [number, decision];
  }

  /** Makes and keeps the next decision, for who shares this folder alone. Faults as of `keep`. */
  decide(action: Action, key: KeyRef): void {
    this.keep(this.next({ action, key }));
  }

  /** From now on every question is answered with this fault, until it is taken back: what holds is not known. */
  refuse(fault: Fault | undefined): void {
    this.#refusal = fault;
  }

  get #known(): number {
    return this.#revision ?? 0;
  }

  /** Numbers may be left out: of decisions made while this process was away, only the last ones are heard of. */
  #findLast(): void {
    const names = existsSync(this.#folder) ? this.#names() : [];
    const last = Math.max(0, ...names.map((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0)));
    if (last > 0) this.#decision = this.#read(last);
    this.#revision = last;
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (cause) {
      throw new Fault("config.invalid", `${this.#folder}: can't be read`, { cause });
    }
  }

  #holds({ number, decision }: NumberedDecision): boolean {
    if (!existsSync(this.#pathOf(number))) return false;
    return canonicalJson(this.#read(number)) === canonicalJson(decision);
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${number}.json`);
  }

  #read(number: number): Decision {
    const path = this.#pathOf(number);
    try {
      return Decision.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (cause) {
      throw new Fault("config.invalid", `${path}: is no decision about key versions`, { cause });
    }
  }

  /** The file appears whole, on disk, or not at all. */
  #write(number: number, decision: Decision): void {
    const draft = join(this.#folder, `.draft-${randomBytes(6).toString("hex")}`);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const file = openSync(draft, "wx", 0o600);
      try {
        writeSync(file, `${JSON.stringify(decision)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      linkSync(draft, this.#pathOf(number));
    } catch (cause) {
      const isTaken = existsSync(this.#pathOf(number)) && errorCodeOf(cause) === "EEXIST";
      throw isTaken
        ? changedMeanwhile()
        : new Fault("config.invalid", `${this.#folder}: can't be written`, { cause });
    } finally {
      if (existsSync(draft)) rmSync(draft);
    }
  }
}

function changedMeanwhile(): Fault {
  return new Fault("backend.changed", "key versions were changed by somebody else meanwhile");
}

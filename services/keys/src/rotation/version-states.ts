/**
 * What operators decided about key versions: which one wraps new data keys, and which may not be used any more. One file per decision,
 * numbered: a file that is there is never changed, so that of two decisions at once one is lost loudly and a reader sees whole ones.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { PROVIDERS } from "@s3eg/shared/format/layout.ts";
import { z } from "zod";
import { isSameKey, type KeyRef } from "../custody/custodian.ts";
import { errorCodeOf } from "../error-code.ts";

const NamedKey = z.strictObject({
  provider: z.enum(PROVIDERS),
  keyId: z.string(),
  keyVersion: z.int().nonnegative(),
});

const Decision = z.strictObject({
  /** Wraps new data keys; absent: the version that the configuration says. */
  active: NamedKey.optional(),
  /** Neither wrap nor unwrap, though they are configured. */
  retired: z.array(NamedKey),
  change: z.strictObject({
    action: z.enum(["rotated", "retired", "restored"]),
    key: NamedKey,
    timestamp: z.iso.datetime(),
  }),
});
/** The decisions that hold after one of them. */
export type Decision = z.infer<typeof Decision>;

/** `active` wraps and unwraps, `by-policy` too, but wraps only where a policy says so, `readable` unwraps, `retired` is refused. */
export type VersionState = "active" | "by-policy" | "readable" | "retired";

/** The decisions of a deployment, in `folder` of DATA_DIR; it need not exist. Every question sees what was decided by then, by any process. */
export class VersionStates {
  readonly #folder: string;
  #revision = 0;
  #decision: Decision | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those kept in the folder of keys in DATA_DIR. */
  static ofKeys(folder: string): VersionStates {
    return new VersionStates(join(folder, "versions"));
  }

  /** The decisions that hold now; undefined where nobody has decided anything. `config.invalid` for a file that can't be read: nothing is guessed. */
  current(): Decision | undefined {
    while (existsSync(this.#pathOf(this.#revision + 1))) {
      this.#decision = this.#read(this.#revision + 1);
      this.#revision += 1;
    }
    return this.#decision;
  }

  /** How many decisions were made by now. */
  get revision(): number {
    this.current();
    return this.#revision;
  }

  /** True for a version that may not be used any more. */
  isRetired(key: KeyRef): boolean {
    return this.current()?.retired.some((retired) => isSameKey(retired, key)) ?? false;
  }

  /** Keeps a decision made on what holds now. `backend.changed` if another process decided meanwhile. */
  decide(action: Decision["change"]["action"], { provider, keyId, keyVersion }: KeyRef): Decision {
    const { active, retired = [] } = this.current() ?? {};
    const key = { provider, keyId, keyVersion };
    const others = retired.filter((one) => !isSameKey(one, key));
    const next = action === "rotated" ? key : active;
    const decision: Decision = {
      ...(next ? { active: next } : {}),
      retired: action === "retired" ? [...others, key] : others,
      change: { action, key, timestamp: new Date().toISOString() },
    };
    this.#write(this.#revision + 1, decision);
    this.current();
    return decision;
  }

  #pathOf(revision: number): string {
    return join(this.#folder, `${revision}.json`);
  }

  #read(revision: number): Decision {
    const path = this.#pathOf(revision);
    try {
      return Decision.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (cause) {
      throw new Fault("config.invalid", `${path}: is no decision about key versions`, { cause });
    }
  }

  /** The file appears whole, on disk, or not at all. */
  #write(revision: number, decision: Decision): void {
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
      linkSync(draft, this.#pathOf(revision));
    } catch (cause) {
      const isTaken = existsSync(this.#pathOf(revision)) && errorCodeOf(cause) === "EEXIST";
      throw isTaken
        ? new Fault("backend.changed", "key versions were changed by somebody else meanwhile")
        : new Fault("config.invalid", `${this.#folder}: can't be written`, { cause });
    } finally {
      if (existsSync(draft)) rmSync(draft);
    }
  }
}

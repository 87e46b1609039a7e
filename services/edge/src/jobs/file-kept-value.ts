/** A value that processes on one host keep together, in a folder: numbered files, of which the last one counts and none is written twice. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kept, KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** Former files that are kept: one that is being read is still there. */
const FORMER = 4;
const NAME = /^\d{12}\.json$/;

/** The value in a folder, which is made where it is not there. Nobody is told of writes: who must know asks now and then. */
export class FileKeptValue implements KeptValue {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  async read(): Promise<Kept | undefined> {
    await Promise.resolve();
    const last = this.#numbers().at(-1);
    return last === undefined
      ? undefined
      : { bytes: readFileSync(this.#path(last)), revision: last };
  }

  async write(bytes: Uint8Array, over: Kept | undefined): Promise<Kept> {
    await Promise.resolve();
    const revision = (over?.revision ?? 0) + 1;
    const last = this.#numbers().at(-1) ?? 0;
    if (last >= revision) throw changed();
    const draft = join(this.#folder, `draft-${randomUUID()}`);
    writeFileSync(draft, bytes, { mode: 0o600, flush: true });
    try {
      linkSync(draft, this.#path(revision));
    } catch (error) {
      if (errorCodeOf(error) === "EEXIST") throw changed();
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    for (const old of this.#numbers().slice(0, -FORMER)) rmSync(this.#path(old), { force: true });
    return { bytes, revision };
  }

  watch(): AsyncDisposable {
    return { [Symbol.asyncDispose]: async () => await Promise.resolve() };
  }

  #path(number: number): string {
    return join(this.#folder, `${String(number).padStart(12, "0")}.json`);
  }

  /** In rising order. */
  #numbers(): number[] {
    const names = readdirSync(this.#folder).filter((name) => NAME.test(name));
    return names.map((name) => Number.parseInt(name, 10)).toSorted((a, b) => a - b);
  }
}

function changed(): Fault {
  return new Fault("backend.changed", "somebody else wrote meanwhile");
}

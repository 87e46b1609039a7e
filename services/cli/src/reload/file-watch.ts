/** Tells when files have changed, however that was done: by writing, by renaming, by exchanging a link, or on a disk that tells nobody. */
import { type FSWatcher, watch } from "node:fs";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { foldersOf, stampOf, type WatchedPaths } from "./watched-paths.ts";

/** How files are watched. */
export interface FileWatchOptions {
  /** Told when what lies there has become something else, and has stayed so for a moment. */
  readonly onChange: () => void;
  readonly log: Pick<Log, "warn">;
  /** How long nothing may have changed: whoever writes is given the time to finish. */
  readonly quietMs?: number;
  /** How often is looked without being told. */
  readonly pollMs?: number;
}

const QUIET_MS = 200;
const POLL_MS = 10_000;

/** Watches paths, which can be others at any time. Folders tell that something happened, the stamp of the files whether it concerns them. */
export class FileWatch implements Disposable {
  readonly #options: FileWatchOptions;
  readonly #poll: NodeJS.Timeout;
  readonly #watchers: FSWatcher[] = [];
  #paths: WatchedPaths = { files: [], globs: [] };
  /** What lay there when it was last told of. */
  #told = "";
  /** What lay there at the last look: only when the next one sees the same is it told. */
  #seen = "";
  #look: NodeJS.Timeout | undefined;
  #isClosed = false;
  #hasComplained = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#poll = setInterval(() => this.#lookSoon(), options.pollMs ?? POLL_MS);
    this.#poll.unref();
  }

  /** Watches these from now on. `stamp`: that of what is known of them; anything else is told. */
  follow(paths: WatchedPaths, stamp: string): void {
    if (this.#isClosed) return;
    this.#paths = paths;
    this.#told = stamp;
    this.#watchFolders();
    this.#lookSoon();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#look);
    this.#unwatchFolders();
  }

  #lookSoon(): void {
    if (this.#isClosed) return;
    this.#look ??= setTimeout(() => {
      this.#look = undefined;
      this.#lookNow();
    }, this.#options.quietMs ?? QUIET_MS).unref();
  }

  #lookNow(): void {
    const stamp = stampOf(this.#paths);
    if (stamp === this.#told) return;
    if (stamp === this.#seen) {
      this.#told = stamp;
      this.#options.onChange();
      return;
    }
    this.#seen = stamp;
    // Another folder may have taken the place of one that is watched.
    this.#watchFolders();
    this.#lookSoon();
  }

  #watchFolders(): void {
    this.#unwatchFolders();
    for (const folder of foldersOf(this.#paths)) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
        watcher.on("error", (error) => this.#complain(folder, error));
        this.#watchers.push(watcher);
      } catch (error) {
        this.#complain(folder, error);
      }
    }
  }

  #unwatchFolders(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  /** Once: without being told it takes longer, no more. */
  #complain(folder: string, error: unknown): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    const message = "a folder can't be watched: changes in it are seen later";
    this.#options.log.warn({ folder, err: error }, message);
  }
}

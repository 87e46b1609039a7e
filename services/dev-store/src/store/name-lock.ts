/** Locks by name, inside this process: what makes a condition and the write it guards one step. */

/** Runs tasks of the same name one after the other, of different names side by side. */
export class NameLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `task` once every earlier task of that name has settled, and settles as it does. */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const running = before.then(task, task);
    const tail = running.catch(() => undefined);
    this.#tails.set(name, tail);
    try {
      return await running;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}

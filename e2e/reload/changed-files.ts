/** The files of a gateway, and the ways in which people, editors and Kubernetes change them. */
import { mkdir, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

/** How a file is changed. */
export const WAYS = ["rename", "in place", "link"] as const;
export type Way = (typeof WAYS)[number];

/** Files by name, in one folder. */
export class ChangedFiles {
  readonly #folder: string;
  readonly #texts = new Map<string, string>();
  #volume = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** What was last written. */
  textOf(name: string): string {
    return this.#texts.get(name) ?? "";
  }

  /** Gives files other texts. */
  async change(texts: Readonly<Record<string, string>>, way: Way): Promise<void> {
    for (const [name, text] of Object.entries(texts)) this.#texts.set(name, text);
    if (way === "link") await this.#project(Object.keys(texts));
    else {
      const write = way === "rename" ? this.#replace : this.#overwrite;
      for (const [name, text] of Object.entries(texts)) await write.call(this, name, text);
    }
  }

  /** Another file takes the name. */
  async #replace(name: string, text: string): Promise<void> {
    const path = this.path(name);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  /** The file is emptied and written again, in two pieces: for a moment it is half of itself. */
  async #overwrite(name: string, text: string): Promise<void> {
    await using file = await open(this.path(name), "w");
    const half = Math.floor(text.length / 2);
    await file.write(text.slice(0, half));
    await turn();
    await file.write(text.slice(half));
  }

  /** All files lie in a folder of their own, to which `..data` leads; that link is exchanged. */
  async #project(names: readonly string[]): Promise<void> {
    this.#volume += 1;
    const volume = `..volume-${this.#volume}`;
    await mkdir(this.path(volume));
    for (const [name, text] of this.#texts) await writeFile(this.path(`${volume}/${name}`), text);
    await symlink(volume, this.path("..data.new"));
    await rename(this.path("..data.new"), this.path("..data"));
    for (const name of names) {
      await symlink(`..data/${name}`, this.path(`${name}.new`));
      await rename(this.path(`${name}.new`), this.path(name));
    }
    // A file that is still a link into the folder of before leads, through `..data`, into this one.
    await rm(this.path(`..volume-${this.#volume - 1}`), { recursive: true, force: true });
  }
}

/** Sync for clients that have none: lists both sides and moves what differs in size or is missing. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Verbs } from "./verbs.ts";

/** Makes a prefix (named without its last slash) equal to a folder, or a folder to a prefix; removes what is too much above. */
export interface Syncing {
  up(folder: string, prefix: string): Promise<unknown>;
  down(prefix: string, folder: string): Promise<unknown>;
}

/** A sync made of the other verbs. */
export function syncByHand(verbs: Pick<Verbs, "upload" | "download" | "list" | "remove">): Syncing {
  return {
    async up(folder, prefix) {
      const [here, there] = [await sizesOf(folder), await verbs.list(`${prefix}/`)];
      for (const [name, size] of here) {
        const key = `${prefix}/${name}`;
        if (there.get(key) !== size) await verbs.upload(join(folder, name), key);
        there.delete(key);
      }
      for (const key of there.keys()) await verbs.remove(key);
    },
    async down(prefix, folder) {
      for (const key of (await verbs.list(`${prefix}/`)).keys()) {
        const file = join(folder, relative(prefix, key));
        await mkdir(dirname(file), { recursive: true });
        await verbs.download(key, file);
      }
    },
  };
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((item) => item.isFile())) {
    const file = join(entry.parentPath, entry.name);
    sizes.set(relative(folder, file), (await stat(file)).size);
  }
  return sizes;
}

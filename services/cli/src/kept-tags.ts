/** Tags that a re-wrap has still to make sure of, in a file of DATA_DIR: a handful, of the objects under way. */
import { rmSync } from "node:fs";
import { z } from "zod";
import type { PendingTag, PendingTags } from "../../edge/src/rewrap/pending-tags.ts";
import { keptPath, readKept, writeKept } from "./kept-json.ts";

const Tags = z.array(z.strictObject({ key: z.string(), header: z.string(), tagging: z.string() }));

/** Those of one bucket, whatever job it was. */
export class KeptTags implements PendingTags {
  readonly #path: string;
  readonly #tags: Map<string, PendingTag>;

  /** `input.invalid` for a damaged file: what it was to tell is lost, and must not be passed over. */
  constructor(dataDir: string, bucket: string) {
    this.#path = keptPath(dataDir, bucket, ".tags.json");
    const tags = readKept(this.#path, Tags, "tags of objects named in it may be lost") ?? [];
    this.#tags = new Map(tags.map((tag) => [tag.key, tag]));
  }

  list(): readonly PendingTag[] {
    return [...this.#tags.values()];
  }

  add(tag: PendingTag): void {
    this.#tags.set(tag.key, tag);
    this.#write();
  }

  remove(key: string): void {
    if (this.#tags.delete(key)) this.#write();
  }

  #write(): void {
    if (this.#tags.size === 0) rmSync(this.#path, { force: true });
    else writeKept(this.#path, this.list());
  }
}

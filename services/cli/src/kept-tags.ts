/** Tags that a re-wrap has still to make sure of, in a file of DATA_DIR: a handful, of the objects under way. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import type { PendingTag, PendingTags } from "../../edge/src/rewrap/pending-tags.ts";

const Tags = z.array(z.strictObject({ key: z.string(), header: z.string(), tagging: z.string() }));

/** Those of one bucket, whatever job it was. */
export class KeptTags implements PendingTags {
  readonly #path: string;
  readonly #tags: Map<string, PendingTag>;

  /** `input.invalid` for a damaged file: what it was to tell is lost, and must not be passed over. */
  constructor(dataDir: string, bucket: string) {
    const name = createHash("sha256").update(bucket).digest("hex").slice(0, 24);
    this.#path = join(dataDir, "rewrap", `${name}.tags.json`);
    this.#tags = new Map(readTags(this.#path).map((tag) => [tag.key, tag]));
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
    if (this.#tags.size === 0) {
      rmSync(this.#path, { force: true });
      return;
    }
    mkdirSync(join(this.#path, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#path}.draft`, `${JSON.stringify(this.list())}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.draft`, this.#path);
  }
}

function readTags(path: string): PendingTag[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  try {
    return Tags.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault(
      "input.invalid",
      `${path} is damaged: tags of objects named in it may be lost`,
      {
        cause,
      },
    );
  }
}

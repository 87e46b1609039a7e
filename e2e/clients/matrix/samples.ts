/** The objects that every client uploads, as files: sizes around the limits of single and multipart uploads, and odd keys. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pattern } from "../pattern.ts";

const MIB = 1024 * 1024;

/** An object and the file that holds its bytes. */
export interface Sample {
  readonly key: string;
  readonly size: number;
  readonly file: string;
  readonly sha256: string;
}

/** Key → size in bytes. The largest goes up in parts with every client. */
const CONTENTS: Readonly<Record<string, number>> = {
  "sizes/empty": 0,
  "sizes/one byte": 1,
  "sizes/8 MiB + 1": 8 * MIB + 1,
  "sizes/65 MiB + 7": 65 * MIB + 7,
  "odd/plus+plus and space": 100,
  "odd/percent%41%2F%": 101,
  "odd/grüße/日本語/🙂": 102,
  "odd/tilde~'()!;:@&=$,#[]": 103,
  "odd/star*question?": 104,
  'odd/"quoted" <tag> & `tick` |': 105,
  "odd/.hidden": 106,
};

/** Writes the files into `folder`, named by number. */
export async function writeSamples(folder: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [key, size] of Object.entries(CONTENTS)) {
    const file = join(folder, `sample-${samples.length}`);
    samples.push({ key, size, file, sha256: await writePattern(file, size, samples.length) });
  }
  return samples;
}

/** Writes `size` bytes of a pattern that `seed` makes unlike any other; returns their SHA-256 in hex. */
export async function writePattern(file: string, size: number, seed: number): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const sha256 = createHash("sha256");
  const pieces = function* () {
    for (let at = 0; at < size; at += MIB) {
      const piece = pattern(seed * 1000 + at, Math.min(MIB, size - at));
      sha256.update(piece);
      yield piece;
    }
  };
  await pipeline(Readable.from(pieces(), { objectMode: false }), createWriteStream(file));
  return sha256.digest("hex");
}

/** SHA-256 of a file in hex. */
export async function fileDigest(file: string): Promise<string> {
  const sha256 = createHash("sha256");
  await pipeline(createReadStream(file), sha256);
  return sha256.digest("hex");
}

/** Path below `folder` → SHA-256 of every file in it. */
export async function treeDigests(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((item) => item.isFile())) {
    const file = join(entry.parentPath, entry.name);
    digests.set(relative(folder, file), await fileDigest(file));
  }
  return new Map([...digests].sort(([a], [b]) => (a < b ? -1 : 1)));
}

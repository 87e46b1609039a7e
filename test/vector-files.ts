/** The files of frozen vectors (test/vectors/README.md): one folder for each form, one JSON file for each vector. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Every vector of a folder by its file name without `.json`. */
export function readVectorFiles<Vector>(folder: URL): ReadonlyMap<string, Vector> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(
    files.sort().map((file) => {
      const text = readFileSync(new URL(file, folder), "utf8");
      return [file.slice(0, -".json".length), JSON.parse(text) as Vector];
    }),
  );
}

/** Writes vectors that are not there yet, and says how many; a file that is there stays as it is. */
export function writeVectorFiles(folder: URL, made: ReadonlyMap<string, unknown>): void {
  mkdirSync(folder, { recursive: true });
  let fresh = 0;
  for (const [name, vector] of made) {
    const file = new URL(`${name}.json`, folder);
    if (existsSync(file)) continue;
    writeFileSync(file, `${JSON.stringify(vector, undefined, 2)}\n`, { flag: "wx" });
    fresh += 1;
  }
  process.stdout.write(`${fresh} new vectors, ${made.size - fresh} left as they were\n`);
}

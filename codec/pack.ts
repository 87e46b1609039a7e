/**
 * Makes the npm package for reading offline: what `codec/src` needs of the sources as JavaScript with declarations, and no dependency.
 *
 *     node codec/pack.ts --out DIR [--version X.Y.Z]
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, resolve } from "node:path";
import { parseArgs } from "node:util";

const here = import.meta.dirname;
const { values } = parseArgs({ options: { out: { type: "string" }, version: { type: "string" } } });
if (values.out === undefined) {
  process.stderr.write("usage: pack.ts --out DIR [--version X.Y.Z]\n");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "s3eg-codec-"));
try {
  const tsc = join(here, "../node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", here, "--outDir", folder], { stdio: "inherit" });
  for (const path of globSync("**/*.{js,d.ts}", { cwd: folder })) {
    writeFileSync(join(folder, path), withRelativeImports(path.replaceAll("\\", "/")));
  }
  const described = readFileSync(join(here, "package.json"), "utf8");
  const version = values.version ? { version: values.version } : {};
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify({ ...(JSON.parse(described) as object), ...version }, null, 2)}\n`,
  );
  cpSync(join(here, "README.md"), join(folder, "README.md"));
  cpSync(join(here, "../LICENSE"), join(folder, "LICENSE"));
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", out], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
} finally {
  rmSync(folder, { recursive: true });
}

/** What the compiler leaves: files of services name shared by its package. */
function withRelativeImports(path: string): string {
  const text = readFileSync(join(folder, path), "utf8");
  const shared = posix.relative(posix.dirname(path), "shared/src");
  return text.replaceAll(
    /(["'])@s3eg\/shared\/([\w./-]+)\.ts\1/g,
    (_, quote: string, name: string) => `${quote}${shared}/${name}.js${quote}`,
  );
}

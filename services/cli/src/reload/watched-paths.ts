/** What is watched: files by their paths, and what globs match, now and later. */
import { globSync, statSync } from "node:fs";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { linkFolders } from "./link-folders.ts";

/** Paths and globs. */
export interface WatchedPaths {
  readonly files: readonly string[];
  readonly globs: readonly string[];
}

/** What lies there now: the same text as long as it is the same files with the same contents. */
export function stampOf({ files, globs }: WatchedPaths): string {
  const found = globs.flatMap((glob) => globSync(glob).sort());
  return [...new Set([...files, ...found])].map(stateOf).join("\n");
}

/** The folders in which something happens when it becomes something else. */
export function foldersOf({ files, globs }: WatchedPaths): string[] {
  const found = globs.flatMap((glob) => [fixedFolder(glob), ...globSync(glob)]);
  return [...new Set([...files, ...found].flatMap(linkFolders))];
}

/** A name in the folder that a glob begins with. */
function fixedFolder(glob: string): string {
  const steps = glob.split("/");
  const wild = steps.findIndex((step) => /[*?[\]{}()!]/.test(step));
  return wild < 0 ? glob : [...steps.slice(0, wild), "-"].join("/");
}

function stateOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [path, dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return `${path} ${errorCodeOf(error) ?? "?"}`;
  }
}

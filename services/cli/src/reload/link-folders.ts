/** The folders in which something must change for a path to lead to another file. */
import { lstatSync, readlinkSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";

/** More links than any system follows (Linux: 40). */
const MAX_LINKS = 40;

/**
 * The folder of the file, and that of every symbolic link on the way to it: a Kubernetes volume exchanges `..data` beside the link that
 * its files are, a release its folder. Where the way ends early, the last folder that is there.
 */
export function linkFolders(path: string): string[] {
  const folders = new Set<string>();
  let steps = resolve(path).split(sep).slice(1);
  let at = "/";
  let links = 0;
  while (steps.length > 0) {
    const [step = "", ...further] = steps;
    const here = resolve(at, step);
    const kind = kindOf(here);
    if (kind === "link" && links < MAX_LINKS) {
      links += 1;
      folders.add(at);
      const target = resolve(at, readlinkSync(here));
      steps = [...target.split(sep).slice(1), ...further];
      at = "/";
      continue;
    }
    if (kind === "none" || further.length === 0) return [...folders.add(at)];
    at = here;
    steps = further;
  }
  return [...folders.add(dirname(at))];
}

function kindOf(path: string): "link" | "none" | "other" {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return "none";
  return stats.isSymbolicLink() ? "link" : "other";
}

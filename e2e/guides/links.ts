/** Links between documents: to files that are there, and to headings that they have. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const LINK = /\]\((?<to>[^)\s]+)\)/g;
const HEADING = /^#{1,6} +(?<title>.+?)\s*$/gm;
const FENCED = /^ *```[\s\S]*?^ *```$/gm;

/** Every link of a document (a path from `root`) that leads nowhere, as `path: link`. */
export function deadLinks(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), "utf8").replaceAll(FENCED, "");
  return [...text.matchAll(LINK)].flatMap(({ groups = {} }) => {
    const link = groups.to ?? "";
    return /^[a-z]+:/.test(link) || leadsSomewhere(root, path, link) ? [] : [`${path}: ${link}`];
  });
}

function leadsSomewhere(root: string, path: string, link: string): boolean {
  const [to = "", anchor] = link.split("#", 2);
  const target = to === "" ? path : relative(root, join(root, dirname(path), to));
  if (target.startsWith("..") || !existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(readFileSync(join(root, target), "utf8")).has(anchor);
}

/** Anchors of a document's headings, as GitHub makes them. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const { groups = {} } of markdown.replaceAll(FENCED, "").matchAll(HEADING)) {
    const anchor = (groups.title ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
  }
  return anchors;
}

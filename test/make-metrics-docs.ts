/** Makes the table of docs/metrics.md from the definitions in the sources. */
import { readFileSync, writeFileSync } from "node:fs";
import { metricDefinitions } from "./metric-definitions.ts";

const DOCUMENT = new URL("../docs/metrics.md", import.meta.url);
const [BEGIN, END] = ["<!-- metrics -->", "<!-- end of metrics -->"];

/** The document as it should be. */
export function metricsDoc(): string {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, rest] = text.split(BEGIN);
  const [, after] = (rest ?? "").split(END);
  if (before === undefined || after === undefined) {
    throw new Error(`docs/metrics.md has no ${BEGIN} … ${END}`);
  }
  const rows = [...metricDefinitions().values()]
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, kind, labels, room, help }) => {
      return `| \`${name}\` | ${kind} | ${labels.join(", ") || "–"} | ${room} | ${help} |`;
    });
  const head = ["| metric | kind | labels | defined in | what it is |", "|---|---|---|---|---|"];
  return `${before}${BEGIN}\n\n${[...head, ...rows].join("\n")}\n\n${END}${after}`;
}

if (import.meta.main) writeFileSync(DOCUMENT, metricsDoc());

/** Every metric that the sources define, read from the sources: each is defined by a literal, so that whoever looks for a name finds it. */
import { readdirSync, readFileSync } from "node:fs";

/** A metric as it is defined. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** The service that defines it; `every process` for what is in `shared`'s runtime. */
  readonly room: string;
}

const root = new URL("../", import.meta.url);
const ROOMS = [
  "shared",
  ...readdirSync(new URL("services/", root)).map((name) => `services/${name}`),
];
const CALL = /\.(counter|gauge|histogram)\(\{/g;
/** The interface itself, and what passes definitions on. */
const REGISTRY = "shared/src/runtime/metrics.ts";

/** All of them by name; one that two roles share is there once. */
export function metricDefinitions(): ReadonlyMap<string, MetricDefinition> {
  const found = ROOMS.flatMap((room) =>
    sourcesOf(room).flatMap((path) =>
      definitionsIn(readFileSync(new URL(path, root), "utf8"), room),
    ),
  );
  return new Map(found.map((definition) => [definition.name, definition]));
}

function sourcesOf(room: string): string[] {
  const folder = `${room}/src/`;
  return readdirSync(new URL(folder, root), { recursive: true })
    .map((name) => `${folder}${name}`)
    .filter((path) => path.endsWith(".ts") && path !== REGISTRY);
}

function definitionsIn(source: string, room: string): MetricDefinition[] {
  return [...source.matchAll(CALL)].map((call) => {
    const literal = argumentFrom(source, call.index + call[0].length);
    const name = /\bname: "([^"]+)"/.exec(literal)?.[1];
    const help = /\bhelp:\s*"((?:[^"\\]|\\.)+)"/.exec(literal)?.[1];
    if (name === undefined || help === undefined) {
      throw new Error(`a metric is not defined by a literal: ${literal.slice(0, 80)}`);
    }
    const labels = /\blabels: \[([^\]]*)\]/.exec(literal)?.[1] ?? "";
    const kind = call[1] as MetricDefinition["kind"];
    const owner = room.replace("services/", "").replace("shared", "any");
    return {
      name,
      kind,
      help,
      labels: [...labels.matchAll(/"([^"]+)"/g)].map(nameOf),
      room: owner,
    };
  });
}

function nameOf([, name = ""]: RegExpExecArray): string {
  return name;
}

/** The text of a call's argument; brackets in texts come in pairs. */
function argumentFrom(source: string, start: number): string {
  let depth = 1;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at];
    if (character === "(" || character === "{") depth += 1;
    if (character === ")" || character === "}") depth -= 1;
    if (depth === 0) return source.slice(start, at);
  }
  return source.slice(start);
}

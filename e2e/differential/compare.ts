/** Where two answers to the same request differ, in words. Times of now and the exempt names are left out; nothing else is. */
import { EXEMPT_ELEMENTS, EXEMPT_HEADERS, OPTIONAL_ELEMENTS, OWN_REFUSALS } from "./exempt.ts";
import type { WireAnswer } from "./wire.ts";

const HOUR_MS = 3_600_000;

/** Every difference between the backend's answer and the gateway's; empty where they are equal. */
export function differences(direct: WireAnswer, through: WireAnswer): string[] {
  const [a, b] = withoutOptional(linesOf(direct), linesOf(through));
  return [
    ...a.filter((line) => !b.includes(line)).map((line) => `backend: ${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `gateway: ${line}`),
    ...(a.length !== b.length || a.some((line, at) => line !== b[at]) ? orderOf(a, b) : []),
  ];
}

/** Said only where the lines are the same and their order is not. */
function orderOf(a: readonly string[], b: readonly string[]): string[] {
  const isSameSet = a.every((line) => b.includes(line)) && b.every((line) => a.includes(line));
  return isSameSet ? [`order or number of elements: ${a.length} and ${b.length} lines`] : [];
}

/** Leaves out of both what one of them does not have at all. */
function withoutOptional(a: string[], b: string[]): [string[], string[]] {
  const lacking = OPTIONAL_ELEMENTS.filter((path) =>
    [a, b].some((lines) => !lines.some((line) => pathOf(line) === path)),
  );
  const kept = (lines: string[]) => lines.filter((line) => !lacking.includes(pathOf(line)));
  return [kept(a), kept(b)];
}

function linesOf(answer: WireAnswer): string[] {
  const { status, headers, body } = answer;
  const isXml = isXmlText(body) || (body.length === 0 && status >= 400);
  const fields = joined(headers)
    .filter(([name]) => !isExempt(name, answer))
    // XML is compared as a parser sees it; the client above has seen that its length is true.
    .filter(([name]) => !(isXml && name === "content-length"))
    .map(([name, value]) => `${name}: ${withoutNow(value)}`)
    .sort();
  return [`status ${status}`, ...fields, ...bodyLines(body)];
}

function isExempt(name: string, answer: WireAnswer): boolean {
  const exempt = Object.hasOwn(EXEMPT_HEADERS, name) ? EXEMPT_HEADERS[name] : undefined;
  return exempt !== undefined && (exempt.only?.(answer) ?? true);
}

/** A list may come in several fields of one name (RFC 9110 §5.3); of these alone the members are a set. */
function joined(headers: WireAnswer["headers"]): (readonly [string, string])[] {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) values.set(name, [...(values.get(name) ?? []), value]);
  return [...values].map(([name, several]) => {
    const members =
      name === "vary" ? several.flatMap((value) => value.split(/, */)).sort() : several;
    return [name, members.join(", ")];
  });
}

function bodyLines(body: Buffer): string[] {
  if (body.length === 0) return [];
  if (!isXmlText(body)) return [`body ${body.toString("latin1")}`];
  // Members of one element come in any order, elements of one name in theirs.
  const lines = xmlLines(body.toString("utf8"))
    .map(withoutNow)
    .toSorted((a, b) => compareText(pathOf(a), pathOf(b)));
  const code = /^Error\/Code = (.*)$/.exec(
    lines.find((line) => line.startsWith("Error/Code")) ?? "",
  );
  return Object.hasOwn(OWN_REFUSALS, code?.[1] ?? "") ? [code?.[0] ?? ""] : lines;
}

function pathOf(line: string): string {
  return line.slice(0, line.indexOf(" = "));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isXmlText(body: Buffer): boolean {
  return /^\s*<(?:\?xml|[A-Za-z])/.test(body.toString("latin1"));
}

/** One line per element that holds text or nothing, with its path: what a parser sees, however it was written. */
function xmlLines(text: string): string[] {
  const lines: string[] = [];
  const path: string[] = [];
  let leafText: string | undefined;
  const close = (): void => {
    const at = path.join("/");
    if (leafText !== undefined && !EXEMPT_ELEMENTS.some((exempt) => at.endsWith(exempt))) {
      lines.push(`${at} = ${unescaped(leafText)}`);
    }
    path.pop();
    leafText = undefined;
  };
  for (const [, slash, name = "", attributes = "", selfSlash, after = ""] of text
    .replace(/^\s*<\?xml[^>]*\?>/, "")
    .matchAll(/<(\/?)([^\s/>]+)([^>]*?)(\/?)>([^<]*)/g)) {
    if (slash === "") {
      path.push(name + shownAttributes(attributes));
      leafText = selfSlash === "" ? after : "";
    }
    if (slash !== "" || selfSlash !== "") close();
  }
  return lines;
}

function shownAttributes(attributes: string): string {
  // S3's namespace, which some imitations leave out of some answers.
  const text = attributes
    .replace(/\sxmlns=(["'])http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/\1/, "")
    .trim();
  return text === "" ? "" : `[${text}]`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

function unescaped(text: string): string {
  return text.replaceAll(/&(#x?[\da-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    const isHex = name.startsWith("#x");
    return String.fromCodePoint(Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10));
  });
}

const TIMES =
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g;

/** Times of now differ between two servers by what passed in between; others were the client's. */
function withoutNow(text: string): string {
  return text.replaceAll(TIMES, (time) =>
    Math.abs(Date.parse(time) - Date.now()) < HOUR_MS ? "<now>" : time,
  );
}

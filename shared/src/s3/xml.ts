/** S3's XML, read and written: the only door to the XML parser. */
import assert from "node:assert/strict";
import { SaxesParser } from "saxes";
import { Fault } from "../faults.ts";

/** The namespace of S3's documents. */
export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** An element as it was read. Attributes and namespaces are not kept. */
export interface XmlElement {
  /** Local name, without prefix. */
  readonly name: string;
  /** The text directly inside, CDATA included, not trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** The first child of that name. */
  child(name: string): XmlElement | undefined;
  /** All children of that name, in order. */
  all(name: string): readonly XmlElement[];
  /** The text of the first child of that name. */
  textOf(name: string): string | undefined;
}

/**
 * Reads a document and returns its root. No document type, no processing instructions, no entities but the five and numeric
 * references. Throws `input.malformed-xml` on anything else, and beyond `maxBytes` (default 2 MiB) or `maxDepth` (default 8).
 */
export function parseXml(
  text: string,
  { maxBytes = 2 * 1024 * 1024, maxDepth = 8 }: { maxBytes?: number; maxDepth?: number } = {},
): XmlElement {
  if (Buffer.byteLength(text) > maxBytes) throw malformed("document is too large");
  const top = new ParsedElement("");
  const open = [top];
  // XML 1.0 has no way to write most control characters, which keys may hold; where they are referred to we read XML 1.1.
  const version = CONTROL_REFERENCE.test(text) ? "1.1" : "1.0";
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    defaultXMLVersion: version,
    forceXMLVersion: true,
  });
  const addText = (piece: string): void => {
    (open.at(-1) as ParsedElement).text += piece;
  };
  parser.on("error", (cause) => {
    throw malformed("document is not well-formed XML", cause);
  });
  parser.on("doctype", () => {
    throw malformed("document has a document type");
  });
  parser.on("processinginstruction", () => {
    throw malformed("document has a processing instruction");
  });
  parser.on("opentag", (tag) => {
    if (open.length > maxDepth) throw malformed("document is nested too deeply");
    const element = new ParsedElement(tag.local);
    (open.at(-1) as ParsedElement).children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(text).close();
  const [root] = top.children;
  if (!root) throw malformed("document has no root element");
  return root;
}

/** An element to be written. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly content: readonly (XmlNode | string)[];
}

/** What may stand in an element to be written; `undefined` is left out. */
export type XmlContent = XmlNode | string | number | boolean | undefined;

/** An element with children or text. Empty content gives an empty element; see `optional` for one that is left out. */
export function el(name: string, ...content: readonly XmlContent[]): XmlNode {
  assert.match(name, XML_NAME);
  const kept: (XmlNode | string)[] = [];
  for (const part of content) {
    if (part === undefined) continue;
    kept.push(typeof part === "object" || typeof part === "string" ? part : String(part));
  }
  return { name, attributes: [], content: kept };
}

/** The element, or `undefined` when there is nothing to put in it. */
export function optional(
  name: string,
  content: string | number | boolean | undefined,
): XmlNode | undefined {
  return content === undefined ? undefined : el(name, content);
}

/** The node with attributes, for instance `{ xmlns: S3_NAMESPACE }` or `{ "xsi:type": "CanonicalUser" }`. */
export function withAttributes(
  node: XmlNode,
  attributes: Readonly<Record<string, string>>,
): XmlNode {
  return { ...node, attributes: [...node.attributes, ...Object.entries(attributes)] };
}

/** The document as text, with declaration; `hasNamespace` puts the S3 namespace on the root. */
export function xmlDocument(root: XmlNode, options: { hasNamespace?: boolean } = {}): string {
  const node = options.hasNamespace ? withAttributes(root, { xmlns: S3_NAMESPACE }) : root;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(node)}`;
}

const XML_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]*$/;
const CONTROL_REFERENCE = /&#(?:x0*(?:[1-8bcef]|1[0-9a-f])|0*(?:[1-8]|1[124-9]|2[0-9]|3[01]));/i;

class ParsedElement implements XmlElement {
  readonly name: string;
  text = "";
  readonly children: ParsedElement[] = [];

  constructor(name: string) {
    this.name = name;
  }

  child(name: string): XmlElement | undefined {
    return this.children.find((child) => child.name === name);
  }

  all(name: string): readonly XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  textOf(name: string): string | undefined {
    return this.child(name)?.text;
  }
}

function write(node: XmlNode): string {
  let text = `<${node.name}`;
  for (const [name, value] of node.attributes) {
    assert.match(name, XML_NAME);
    text += ` ${name}="${escapeText(value)}"`;
  }
  text += ">";
  for (const part of node.content)
    text += typeof part === "string" ? escapeText(part) : write(part);
  return `${text}</${node.name}>`;
}

// Control characters and line ends too: a parser would refuse or change them. S3 refers to them by number (`&#x8;`).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TO_ESCAPE = /[&<>"\x00-\x1f\x7f-\x9f\u2028\ufffe\uffff]/;
const ALL_TO_ESCAPE = new RegExp(TO_ESCAPE, "g");

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escapeText(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  return text.replace(
    ALL_TO_ESCAPE,
    (character) =>
      ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

function malformed(message: string, cause?: unknown): Fault {
  return new Fault("input.malformed-xml", message, { cause });
}

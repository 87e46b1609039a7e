/** XML that the backend sent. What is wrong with it is not the client's doing. */
import { Fault } from "@s3eg/shared/faults.ts";
import { el, parseXml, type XmlElement, type XmlNode } from "@s3eg/shared/s3/xml.ts";

/** 1000 keys of 1 KiB, percent-encoded, with owners. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads the root element of a document; `backend.unavailable` for what is none. */
export function parseBackendXml(text: string): XmlElement {
  try {
    // Servers that work long send white space meanwhile (S3 API, CopyObject).
    return parseXml(text.trimStart(), { maxBytes: MAX_BYTES });
  } catch (cause) {
    throw new Fault("backend.unavailable", "answer of the backend is not the XML it should be", {
      cause,
    });
  }
}

/** An element as it came, to be written again: text where it has no children. Attributes and namespaces are not kept. */
export function copyNode(element: XmlElement): XmlNode {
  return element.children.length > 0
    ? el(element.name, ...element.children.map(copyNode))
    : el(element.name, element.text);
}

/** DeleteObjects: up to 1000 keys in one request. ETag conditions inside are mapped to the backend's. */

import { el, parseXml, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "../s3/errors.ts";
import { backendCondition } from "../s3/etags.ts";
import type { Operation } from "./operation.ts";
import { MAX_XML_BYTES, passedAnswer, passedRequest } from "./pass-through.ts";

const MAX_KEYS = 1000;

export const deleteObjects: Operation = {
  name: "DeleteObjects",
  method: "POST",
  level: "bucket",
  subresources: ["delete"],
  async run(request, { backend }) {
    const sent = await request.bytes(MAX_XML_BYTES);
    const document = parseXml(textOf(sent), { maxBytes: MAX_XML_BYTES });
    const objects = document.all("Object");
    if (document.name !== "Delete" || objects.length === 0 || objects.length > MAX_KEYS) {
      throw s3Error("MalformedXML");
    }
    if (objects.some((object) => (object.textOf("Key") ?? "") === ""))
      throw s3Error("MalformedXML");
    const body = Buffer.from(xmlDocument(deleteDocument(document), { hasNamespace: true }));
    return await passedAnswer(await backend.send(passedRequest(request, { method: "POST", body })));
  },
};

/** Bytes that are not UTF-8 must not become another key's name. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw s3Error("MalformedXML", { cause });
  }
}

function deleteDocument(document: XmlElement): XmlNode {
  return el(
    "Delete",
    ...document.children.map((child) =>
      child.name === "Object" ? objectNode(child) : copyNode(child),
    ),
  );
}

function objectNode(object: XmlElement): XmlNode {
  return el(
    "Object",
    ...object.children.map((child) =>
      child.name === "ETag" ? el("ETag", backendCondition(child.text)) : copyNode(child),
    ),
  );
}

function copyNode(element: XmlElement): XmlNode {
  return element.children.length > 0
    ? el(element.name, ...element.children.map(copyNode))
    : el(element.name, element.text);
}

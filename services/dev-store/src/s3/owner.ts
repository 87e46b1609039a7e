/** The one owner of everything here. */
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";

/** Everything belongs to it, whoever signed. */
export const OWNER = { id: "dev-store", displayName: "dev-store" } as const;

/** `<Owner>`, or the same under another name. */
export function ownerElement(name = "Owner"): XmlNode {
  return el(name, el("ID", OWNER.id), el("DisplayName", OWNER.displayName));
}

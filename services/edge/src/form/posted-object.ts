/** The object that a form uploads: its key, and its fields as the header fields a PUT would carry (S3 API, POST Object). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { encodeComponent, isKeyLengthAllowed } from "@s3eg/shared/s3/names.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "../s3/errors.ts";
import type { Form } from "./form-reader.ts";

/** Fields that are called as the header they stand for. */
const HEADERS = new Set([
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-md5",
  "content-type",
  "expires",
]);
/** `x-amz-*` fields that say who signed, or what no form can ask for. */
const NOT_STORED =
  /^x-amz-(?:algorithm|content-sha256|copy-source.*|credential|date|decoded-content-length|security-token|signature|trailer)$/;

// biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a form writes it
const FILE_NAME = "${filename}";

/** The key, with the file's name put in where the form asks for it. Throws `InvalidArgument` without one, `KeyTooLongError`. */
export function postedKey({ fields, file }: Form): string {
  const key = (fields.get("key") ?? "").replaceAll(FILE_NAME, () => file.fileName);
  if (key === "") {
    throw s3Error("InvalidArgument", {
      message:
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      fields: { ArgumentName: "key", ArgumentValue: "" },
    });
  }
  if (!isKeyLengthAllowed(key)) throw s3Error("KeyTooLongError");
  return key;
}

/** Header fields of the object. Throws `InvalidArgument` for what a header can't hold, `MalformedXML` for tags that are none. */
export function postedHeaders({ fields, file }: Form): HeaderFields {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of fields) {
    const isAmz = name.startsWith("x-amz-") && !NOT_STORED.test(name);
    if (isAmz || HEADERS.has(name)) headers[name] = headerValue(name, value);
  }
  const [acl, tagging] = [fields.get("acl"), fields.get("tagging")];
  if (acl !== undefined) headers["x-amz-acl"] = headerValue("acl", acl);
  if (tagging !== undefined) headers["x-amz-tagging"] = taggingHeader(tagging);
  headers["content-length"] = String(file.sizeBytes);
  return headers;
}

function headerValue(name: string, value: string): string {
  const isField = /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what no header may hold
  if (!isField || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
    throw s3Error("InvalidArgument", {
      message: `The form field ${JSON.stringify(name)} cannot be stored.`,
      fields: { ArgumentName: "field" },
    });
  }
  return Buffer.from(value.trim()).toString("latin1");
}

/** Tags come as the XML of PutObjectTagging, and go as the header of PutObject. */
function taggingHeader(xml: string): string {
  const tags = parseXml(xml)
    .all("TagSet")
    .flatMap((set) => set.all("Tag"));
  return tags
    .map((tag) => {
      const [key, value] = [tag.textOf("Key"), tag.textOf("Value")];
      if (!key || value === undefined) throw s3Error("MalformedXML");
      return `${encodeComponent(key)}=${encodeComponent(value)}`;
    })
    .join("&");
}

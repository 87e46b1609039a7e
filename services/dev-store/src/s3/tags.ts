/** Object tags in the x-amz-tagging header and in XML, with S3's limits. */
import { parseQuery } from "@s3eg/shared/s3/names.ts";
import { el, type XmlElement, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import type { Tags } from "../store/records.ts";
import { invalidArgument, S3Error } from "./errors.ts";

const MAX_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** The tags of an `x-amz-tagging` header: a query string. Throws InvalidArgument or InvalidTag. */
export function tagsOfHeader(header: string | undefined): Tags {
  if (header === undefined || header === "") return [];
  let tags: Tags;
  try {
    tags = parseQuery(header);
  } catch {
    throw invalidArgument("x-amz-tagging", header);
  }
  return checked(tags);
}

/** The tags of a `<Tagging>` document. Throws MalformedXML or InvalidTag. */
export function tagsOfXml(root: XmlElement): Tags {
  const set = root.child("TagSet");
  if (!set) throw new S3Error("MalformedXML");
  return checked(
    set.all("Tag").map((tag): [string, string] => {
      const [key, value] = [tag.textOf("Key"), tag.textOf("Value")];
      if (key === undefined || value === undefined) throw new S3Error("MalformedXML");
      return [key, value];
    }),
  );
}

/** `<Tagging>` of tags. */
export function taggingXml(tags: Tags): XmlNode {
  return el(
    "Tagging",
    el("TagSet", ...tags.map(([key, value]) => el("Tag", el("Key", key), el("Value", value)))),
  );
}

function checked(tags: Tags): Tags {
  if (tags.length > MAX_TAGS) {
    throw new S3Error("InvalidTag", { message: "Object tags cannot be greater than 10" });
  }
  const keys = new Set<string>();
  for (const [key, value] of tags) {
    const isRight =
      key !== "" &&
      [...key].length <= MAX_KEY_LENGTH &&
      [...value].length <= MAX_VALUE_LENGTH &&
      !key.startsWith("aws:") &&
      !keys.has(key);
    if (!isRight) throw new S3Error("InvalidTag", { fields: { TagKey: key, TagValue: value } });
    keys.add(key);
  }
  return tags;
}

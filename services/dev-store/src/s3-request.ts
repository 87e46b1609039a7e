/** What every operation is given and what it answers. */
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import type { CreateDigest } from "@s3eg/shared/s3/checksums.ts";
import { parseXml, type XmlElement, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { invalidArgument, S3Error } from "./s3/errors.ts";
import type { Store } from "./store/store.ts";
import type { UploadBody } from "./upload-body.ts";

/** Header fields: lower-case names, latin-1 values. */
export type HeaderFields = Readonly<Record<string, string>>;

/** A request that is signed right. */
export interface S3Request {
  readonly id: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: HeaderFields;
  readonly upload: UploadBody;
}

/** An answer: XML, bytes of a known length, or nothing. For HEAD the length is said and the body left out. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly xml?: XmlNode;
  /** `body` is absent where only the size is told (HEAD). */
  readonly bytes?: { readonly size: number; readonly body?: Body };
}

/** What operations work with. */
export interface Rooms {
  readonly store: Store;
  readonly createDigest: CreateDigest;
  readonly now: () => Date;
}

/** One S3 operation, and how it is recognised. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly on: "service" | "bucket" | "object";
  /** Query parameters that must all be there. */
  readonly marks?: readonly string[];
  /** A header that must be there. */
  readonly headerMark?: string;
  /** Other query parameters it understands; any further one is refused. */
  readonly parameters?: readonly string[];
  /** True if `run` pumps the body itself; else a small one is read and checked before. */
  readonly takesBody?: boolean;
  /** True if `x-amz-checksum-*` headers speak of the object and not of the request's body. */
  readonly hasObjectChecksum?: boolean;
  run(request: S3Request, rooms: Rooms): Promise<S3Answer>;
}

const MAX_XML_BYTES = 2 * 1024 * 1024;

/** The XML in the request's body. Throws MalformedXML unless its root has that name. */
export async function xmlBody({ upload }: S3Request, rootName: string): Promise<XmlElement> {
  const bytes = await collectBody(
    upload.body,
    MAX_XML_BYTES,
    () => new S3Error("MaxMessageLengthExceeded"),
  );
  const root = parseXml(bytes.toString("utf8"), { maxBytes: MAX_XML_BYTES });
  if (root.name !== rootName) {
    throw new S3Error("MalformedXML", { message: `root element is not ${rootName}` });
  }
  return root;
}

/** A whole number in the query, `fallback` when it is not there. Throws InvalidArgument. */
export function wholeNumber(
  { query }: S3Request,
  name: string,
  { min = 0, max = 2 ** 31 - 1, fallback }: { min?: number; max?: number; fallback: number },
): number {
  const text = query.get(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value < min || value > max) {
    throw invalidArgument(name, text, `${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** The version id in the query. Throws InvalidArgument for one that this server never gives. */
export function versionIdOf({ query }: Pick<S3Request, "query">): string | undefined {
  const versionId = query.get("versionId");
  if (versionId === undefined || VERSION_ID.test(versionId)) return versionId;
  throw invalidArgument("versionId", versionId, "Invalid version id specified");
}

const VERSION_ID = /^(?:null|[0-9a-f]{32})$/;

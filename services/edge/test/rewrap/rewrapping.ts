/** What the re-wrap job works with, on a backend in memory and a keys that writes with version 9. */
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { EVERYTHING } from "../../src/auth/rights.ts";
import type { HeaderReissue } from "../../src/header-reissue.ts";
import type { Rooms } from "../../src/operations/operation.ts";
import { CurrentKey } from "../../src/rewrap/current-key.ts";
import type { PendingTag, PendingTags } from "../../src/rewrap/pending-tags.ts";
import type { RewrapWays } from "../../src/rewrap/rewrap-object.ts";
import { Query, type S3Request } from "../../src/s3-request.ts";
import { MemoryBackend } from "../memory-backend.ts";
import { STANDARD } from "../running-edge.ts";
import { headerFor, storedBytes } from "../stand-in-services.ts";

/** The key version that writes. */
export const WRITES = 9;

/** Re-issues headers under version 9, and counts. */
export class Version9 implements HeaderReissue {
  asked = 0;
  failure: Error | undefined;

  async reissue({ header }: { header: string }): Promise<string> {
    await Promise.resolve();
    this.asked += 1;
    if (this.failure) throw this.failure;
    return encodeHeader({ ...decodeHeader(header), keyVersion: WRITES }, () => Buffer.alloc(32));
  }
}

/** A request for an object of the bucket `photos`. */
export function requestOf(key: string, versionId?: string): S3Request {
  const never = () => {
    throw new Error("a re-wrap reads no request");
  };
  return {
    id: "R",
    bucket: "photos",
    key,
    query: new Query(versionId === undefined ? [] : [["versionId", versionId]]),
    headers: {},
    principal: { accessKey: "rewrap", rights: EVERYTHING },
    policy: STANDARD,
    policyOf: () => STANDARD,
    signal: new AbortController().signal,
    url: never,
    plainBody: never,
    bytes: never,
  };
}

/** Tags that are under way, in memory. */
export function pendingInMemory(): PendingTags {
  const tags = new Map<string, PendingTag>();
  return {
    list: () => [...tags.values()],
    add: (tag) => void tags.set(tag.key, tag),
    remove: (key) => void tags.delete(key),
  };
}

/** A backend with one sealed object, `cat`, and the ways to treat it. */
export function rewrapping(wish: Partial<RewrapWays> = {}) {
  const backend = new MemoryBackend();
  backend.intercept = ({ query = [] }) =>
    query.some(([name]) => name === "acl")
      ? { ...NO_ACL, body: { pump: async () => {}, destroy: () => {} } }
      : undefined;
  const bytes = storedBytes(Buffer.from("meow"));
  const header = headerFor(4, { bucket: "photos", key: "cat" });
  backend.put("photos/cat", bytes, { [HEADER_FIELD]: header, "content-type": "image/x-cat" });
  const headers = new Version9();
  const never = async () => {
    await Promise.resolve();
    throw new Error("a single object is not asked for");
  };
  const known = { of: never, ofMany: never, learn: () => undefined };
  const crypto = { upload: never, download: never };
  const sizes = { of: never };
  const rooms: Rooms = { backend, crypto, headers, known, sizes: sizes as never };
  const ways: RewrapWays = {
    rooms,
    current: new CurrentKey(headers, {}, () => 0),
    pendingTags: pendingInMemory(),
    conditions: { source: true, target: true, completion: true, put: true, putLocks: false },
    isDry: false,
    upgrades: false,
    isForAll: false,
    removesSuperseded: false,
    ...wish,
  };
  return { backend, headers, ways, header };
}

const NO_ACL = { status: 501, headers: {}, text: async () => await Promise.resolve("") };

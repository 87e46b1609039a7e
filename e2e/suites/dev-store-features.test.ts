/**
 * The dev-store's honesty check: the same features are tried on it and on a real S3 server, so that tests that pass on it mean
 * something. It has to have all of them; what the real one lacks is listed, and the list is checked too.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { S3 } from "@aws-sdk/client-s3";
import { allFeatures } from "../features/all-features.ts";
import type { Feature, Site } from "../features/feature.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

/** What a server does differently, and why. */
interface Difference {
  readonly why: string;
  /** True where it only sometimes goes wrong, so that nothing can be expected. */
  readonly isUnsteady?: boolean;
}

/** versitygw 1.7.0. */
const VERSITYGW_DIFFERENCES: Readonly<Record<string, Difference>> = {
  "Content-Encoding aws-chunked is not kept": { why: "keeps it and sends it back" },
  "keys d, d/ and d/x are three objects": { why: "keys are paths of a file system" },
  "keys are not normalised: a//b, ./x, o/../y": { why: "keys are paths of a file system" },
  "a key of 1024 bytes without slashes": { why: "a path segment may have 255 bytes" },
  "If-Modified-Since with the object's own Last-Modified gives 304": {
    why: "compares below the second",
  },
  "of racing writers with If-None-Match: * one wins": {
    why: "condition and write are two steps",
    isUnsteady: true,
  },
  "ListMultipartUploads, with prefix and in pages": { why: "refuses its own upload-id marker" },
  "GetObjectAttributes of several attributes at once": {
    why: "takes the list without spaces only, the SDK sends them",
  },
  "a key of 1025 bytes is refused": { why: "knows the limits of its file system only" },
  "GetObjectAttributes lists the parts of an object with checksums": { why: "leaves them out" },
  "GetObjectAttributes counts the parts of an object without checksums": { why: "leaves them out" },
  "ListObjectsV2 with a delimiter, page by page": { why: "KeyCount leaves common prefixes out" },
  "a continuation token that is none is refused": { why: "takes any token" },
  "ListObjects (v1) goes on after a marker; NextMarker comes with a delimiter only": {
    why: "always sends NextMarker",
  },
  "encoding-type=url encodes keys, prefixes and the delimiter": { why: "ignores it" },
  "DeleteObjects names what it deleted, or is quiet": { why: "is never quiet" },
  "ListObjectVersions, newest first, with markers, page by page": {
    why: "says that the last page is truncated",
  },
  "conditions on the source of a copy": { why: "304 where S3 says 412" },
  "Expect: 100-continue of a request to be refused gets no 100": {
    why: "sends 100 before it looks at the signature",
  },
  "an object's ACL can be asked for": { why: "501" },
};

async function makeSite(server: S3Server): Promise<Site & Disposable> {
  const { accessKey, secretKey, endpoint, region } = server;
  const s3 = new S3({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const bucket = `feature-${randomBytes(6).toString("hex")}`;
  await s3.createBucket({ Bucket: bucket });
  return { signer: server, s3, bucket, [Symbol.dispose]: () => s3.destroy() };
}

async function tryOut(feature: Feature, server: S3Server, difference?: Difference): Promise<void> {
  using site = await makeSite(server);
  if (!difference) await feature.run(site);
  else if (difference.isUnsteady) await feature.run(site).catch(() => undefined);
  else await assert.rejects(feature.run(site), "the difference is gone: take it off the list");
}

function check(
  start: () => Promise<S3Server>,
  differences: Readonly<Record<string, Difference>>,
): void {
  let server: S3Server;
  before(async () => {
    server = await start();
  });
  after(() => server[Symbol.asyncDispose]());
  for (const [group, features] of Object.entries(allFeatures)) {
    describe(group, () => {
      for (const feature of features) {
        const difference = differences[feature.name];
        const name = difference ? `(not: ${difference.why}) ${feature.name}` : feature.name;
        it(name, () => tryOut(feature, server, difference));
      }
    });
  }
}

describe("dev-store", () => check(startDevStoreProcess, {}));
describe("versitygw", () => check(() => startVersitygw(), VERSITYGW_DIFFERENCES));

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

const VERSITYGW_DIFFERENCES: Readonly<Record<string, Difference>> = {};

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

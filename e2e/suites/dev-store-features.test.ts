/**
 * The dev-store's honesty check: the same features are tried on it and on a real S3 server, so that tests that pass on it mean
 * something. It has to have all of them; what the real one lacks is listed, and the list is checked too.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { allFeatures } from "../features/all-features.ts";
import type { Feature } from "../features/feature.ts";
import { makeSite } from "../features/site.ts";
import { type Difference, VERSITYGW_DIFFERENCES } from "../features/versitygw-differences.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

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

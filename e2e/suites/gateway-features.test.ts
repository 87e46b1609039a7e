/**
 * The features of the honesty check (dev-store-features.test.ts) once more, through the gateway: what the store has, an application has
 * there too. What the store lacks stays lacking, or the gateway makes up for it; which of the two is listed and checked.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { allFeatures } from "../features/all-features.ts";
import type { Feature } from "../features/feature.ts";
import { makeSite } from "../features/site.ts";
import { VERSITYGW_DIFFERENCES } from "../features/versitygw-differences.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

/** What the store lacks and the gateway gives. */
const MADE_UP_FOR: ReadonlySet<string> = new Set([
  "Content-Encoding aws-chunked is not kept",
  "GetObjectAttributes of several attributes at once",
  "a key of 1025 bytes is refused",
  "GetObjectAttributes lists the parts of an object with checksums",
  "GetObjectAttributes counts the parts of an object without checksums",
  "conditions on the source of a copy",
  "Expect: 100-continue of a request to be refused gets no 100",
]);

/** Shows the ETags that S3 would give. */
const POLICY = { id: "features", buckets: ["feature-*"], etag: "md5" };

for (const metadata of ["plain", "sealed"]) {
  describe(`the gateway in front of versitygw, metadata ${metadata}`, () => {
    let backend: S3Server;
    let gateway: Gateway;
    before(async () => {
      backend = await startVersitygw();
      gateway = await startGateway({ backend, policies: [{ ...POLICY, metadata }] });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    });
    for (const [area, features] of Object.entries(allFeatures)) {
      describe(area, () => {
        for (const feature of features) {
          it(feature.name, () => tryOut(feature, gateway));
        }
      });
    }
  });
}

async function tryOut(feature: Feature, gateway: Gateway): Promise<void> {
  using site = await makeSite(gateway);
  const lacking = VERSITYGW_DIFFERENCES[feature.name];
  if (!lacking || MADE_UP_FOR.has(feature.name)) await feature.run(site);
  else if (lacking.isUnsteady) await feature.run(site).catch(() => undefined);
  else await assert.rejects(feature.run(site), "the gateway makes up for it: list it");
}

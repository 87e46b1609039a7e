import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { incidentSeen } from "@s3eg/shared/contracts/audit.ts";
import { openMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { storedHeaders } from "../src/object-metadata.ts";
import { RunningCrypto } from "./running-crypto.ts";

const place = { bucket: "b", key: "k" };
const metadata = { "content-type": "text/x", "x-amz-meta-a": "1" };
const integrity = { code: "crypto.integrity" };

/** The two values of an object with these flags. */
async function valuesOf(crypto: RunningCrypto, flags: number) {
  const size = (flags & 1) === 0 ? 1 : undefined;
  const keys = await crypto.keys.dataKeys.issue({ place, suite: 1, flags, size }, "r");
  const stored = storedHeaders(metadata, keys, (flags & 2) !== 0);
  return { header: stored[HEADER_FIELD] ?? "", sealed: stored[METADATA_FIELD] };
}

async function ask(
  crypto: RunningCrypto,
  { header, sealed }: { header: string; sealed: string | undefined },
  at = place,
) {
  const head = { target: place, place: at, header, ...(sealed === undefined ? {} : { sealed }) };
  const { result, body } = await crypto.transfers.download(openMetadata, head, { requestId: "r" });
  await body.pump(() => assert.fail("nothing follows"));
  return result.metadata;
}

describe("open-metadata", () => {
  it("gives the metadata of an object, and none of one that has them in the clear", async () => {
    const crypto = new RunningCrypto();
    for (const flags of [2, 3, 7]) {
      assert.deepEqual(await ask(crypto, await valuesOf(crypto, flags)), metadata);
    }
    for (const flags of [0, 1, 5]) {
      assert.equal(await ask(crypto, await valuesOf(crypto, flags)), undefined);
    }
    assert.equal(crypto.backend.requests.length, 0);
  });

  it("refuses a header of another place, and values that do not belong together", async () => {
    const crypto = new RunningCrypto();
    const own = await valuesOf(crypto, 2);
    const other = await valuesOf(crypto, 2);
    const plain = await valuesOf(crypto, 0);
    await assert.rejects(ask(crypto, own, { bucket: "b", key: "other" }), integrity);
    await assert.rejects(ask(crypto, { ...own, sealed: other.sealed }), integrity);
    await assert.rejects(ask(crypto, { ...own, sealed: undefined }), integrity);
    await assert.rejects(ask(crypto, { ...own, header: plain.header }), integrity);
  });

  it("refuses a header whose flag was taken away, though nothing is sealed then", async () => {
    const crypto = new RunningCrypto();
    const { header } = await valuesOf(crypto, 2);
    const bytes = Buffer.from(header, "base64url");
    bytes.writeUInt8(0, 2);
    const cleared = { header: bytes.toString("base64url"), sealed: undefined };
    await assert.rejects(ask(crypto, cleared), integrity);
  });

  it("reports tampering with objects that were uploaded in parts, as other reads do", async () => {
    const crypto = new RunningCrypto();
    const seen: string[] = [];
    crypto.keys.bus.subscribe(incidentSeen, ({ incident, operation, key }) => {
      seen.push(`${incident} ${operation} ${key}`);
    });
    for (const flags of [2, 3]) {
      const { header } = await valuesOf(crypto, flags);
      await assert.rejects(ask(crypto, { header, sealed: undefined }), integrity);
    }
    await crypto.keys.bus.drain();
    assert.deepEqual(seen, ["mpu.tamper_detected open-metadata k"]);
  });
});

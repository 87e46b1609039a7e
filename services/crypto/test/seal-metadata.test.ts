import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { openMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import { RunningCrypto } from "./running-crypto.ts";

const place = { bucket: "b", key: "k" };

async function seal(
  crypto: RunningCrypto,
  { header, at = place }: { header: string; at?: typeof place },
  metadata: Readonly<Record<string, string>> = {},
) {
  const head = { place: at, header, metadata };
  const sending = { head, body: bodyOfBytes(Buffer.alloc(0)), tail: () => ({}) };
  return (await crypto.transfers.upload(sealMetadata, sending, { requestId: "r" })).sealed;
}

const issue = async (crypto: RunningCrypto, flags: number) =>
  (await crypto.keys.dataKeys.issue({ place, suite: 1, flags, size: 1 }, "r")).header;

describe("seal-metadata", () => {
  it("seals under the header it is given, which alone opens it", async () => {
    const crypto = new RunningCrypto();
    const header = await issue(crypto, 2);
    const metadata = { "content-type": "text/x", "x-amz-meta-a": "\u00fc" };
    const headers = { [METADATA_FIELD]: await seal(crypto, { header }, metadata) };
    const proven = await crypto.keys.dataKeys.open({ header, place }, "r");
    assert.deepEqual(openMetadata(headers, proven), metadata);
    const other = { header: await issue(crypto, 2), place };
    const another = await crypto.keys.dataKeys.open(other, "r");
    assert.throws(() => openMetadata(headers, another), { code: "crypto.integrity" });
  });

  it("refuses a header of another place or without the flag, and what leaves no room", async () => {
    const crypto = new RunningCrypto();
    const header = await issue(crypto, 2);
    const elsewhere = { header, at: { bucket: "b", key: "other" } };
    await assert.rejects(seal(crypto, elsewhere), { code: "crypto.integrity" });
    const plain = { header: await issue(crypto, 0) };
    await assert.rejects(seal(crypto, plain), { code: "internal.bug" });
    const long = { "x-amz-meta-a": "x".repeat(1400) };
    await assert.rejects(seal(crypto, { header }, long), { code: "limit.metadata-too-large" });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { FLAG } from "../../src/format/layout.ts";
import { type Manifest, totalSizeOf } from "../../src/format/manifest.ts";
import {
  maxRegionBytesOf,
  multipartPlaintextSizeOf,
  multipartStoredSizeOf,
} from "../../src/format/sizes.ts";
import {
  openCompanion,
  openRegion,
  sealedBytesOf,
  sealRegion,
} from "../../src/sealing/manifest-region.ts";
import { fixedKeys } from "./sealed-fixture.ts";

const sealed = { keys: fixedKeys(1, FLAG.multipart), suite: 1 } as const;
const manifestOf = (sizes: readonly number[]): Manifest => ({
  parts: sizes.map((size, index) => ({
    partNumber: index + 1,
    size,
    salt: Buffer.alloc(16, index),
  })),
});

describe("region (format.md §7)", () => {
  const sizeLists = fc.array(fc.nat({ max: 400_000_000 }), { minLength: 1, maxLength: 8 });

  it("makes the plaintext size follow from stored size and part count alone", () => {
    fc.assert(
      fc.property(sizeLists, fc.boolean(), (sizes, isOwnPart) => {
        const manifest = manifestOf(sizes);
        const partCount = sizes.length + (isOwnPart ? 1 : 0);
        const region = sealRegion(manifest, sealed, partCount);
        const storedSize = sealedBytesOf(manifest) + region.byteLength;
        assert.equal(storedSize, multipartStoredSizeOf(totalSizeOf(manifest.parts), partCount));
        assert.equal(multipartPlaintextSizeOf(storedSize, partCount), totalSizeOf(manifest.parts));
        assert.ok(region.byteLength <= maxRegionBytesOf(partCount));
        const tail = Buffer.concat([Buffer.alloc(100, 7), region]);
        assert.deepEqual(openRegion(tail, sealed, { storedSize, partCount }), manifest);
      }),
    );
  });

  const manifest = manifestOf([100, 200_000]);
  const region = sealRegion(manifest, sealed, 3);
  const place = { storedSize: sealedBytesOf(manifest) + region.byteLength, partCount: 3 };
  const assertRefused = (tail: Buffer, at = place) =>
    assert.throws(
      () => openRegion(tail, sealed, at),
      (error) => isFault(error, "crypto.integrity"),
    );

  it("is the same for the same Complete", () =>
    assert.deepEqual(sealRegion(manifest, sealed, 3), region));

  it("refuses a flipped bit anywhere", () => {
    for (let at = 0; at < region.byteLength; at += 1) {
      const changed = Buffer.from(region);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      assertRefused(changed);
    }
  });

  it("refuses another stored size or part count, and bytes after it", () => {
    assertRefused(region, { ...place, storedSize: place.storedSize + 1 });
    assertRefused(region, { ...place, partCount: 2 });
    assertRefused(region, { ...place, partCount: 4 });
    assertRefused(Buffer.concat([region, Buffer.of(0)]));
    assertRefused(Buffer.alloc(0));
  });

  it("refuses a region under another key", () => {
    const other = { keys: fixedKeys(2, FLAG.multipart), suite: 1 } as const;
    assert.throws(
      () => openRegion(region, other, place),
      (error) => isFault(error, "crypto.integrity"),
    );
  });
});

describe("companion (format.md §7)", () => {
  const manifest: Manifest = manifestOf([100, 200_000]);
  const region = sealRegion(manifest, sealed, 2);
  const place = { storedSize: sealedBytesOf(manifest), partCount: 2 };

  it("is the region alone, of an object that has none inside", () => {
    assert.deepEqual(openCompanion(region, sealed, place), manifest);
  });

  it("is refused for another object, with anything before or behind, or of another number of parts", () => {
    const own = sealRegion(manifest, sealed, 3);
    for (const [bytes, at] of [
      [region, { ...place, storedSize: place.storedSize + region.byteLength }],
      [region, { ...place, partCount: 3 }],
      [own, { ...place, partCount: 3 }],
      [Buffer.concat([Buffer.of(0), region]), place],
      [Buffer.concat([region, Buffer.of(0)]), place],
      [Buffer.alloc(0), place],
    ] as const) {
      assert.throws(
        () => openCompanion(bytes, sealed, at),
        (error) => isFault(error, "crypto.integrity"),
      );
    }
  });
});

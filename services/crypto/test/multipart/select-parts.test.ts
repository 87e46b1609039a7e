import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CompletedPart } from "@s3eg/shared/contracts/multipart.ts";
import { contestedParts, invalidPart, selectParts } from "../../src/multipart/select-parts.ts";
import type { PartAttempt } from "../../src/multipart-state/multipart-state.ts";
import { MIN_PART, refusedAs } from "./running-uploads.ts";

const MD5 = "0123456789abcdef0123456789abcdef";

function attempt(partNumber: number, sequence: number, more: Partial<PartAttempt> = {}) {
  const etag = `"aaa${sequence}"`;
  const salt = new Uint8Array(16);
  const base = { partNumber, sequence, etag, salt, size: MIN_PART, uploadedAtMs: 0 };
  return { ...base, isParked: false, ...more };
}

const CHECKSUM = { algorithm: "crc32", value: "y/Q5Jg==" } as const;
const ATTEMPTS: readonly PartAttempt[] = [
  attempt(1, 1),
  attempt(3, 5),
  attempt(3, 2),
  attempt(4, 3, { size: MIN_PART - 1 }),
  attempt(6, 6, { md5: MD5, checksum: CHECKSUM }),
];

describe("selectParts", () => {
  for (const [what, completed, sequences] of [
    [
      "the latest attempts, whatever their order",
      [
        [1, '"aaa1"'],
        [3, '"aaa5"'],
      ],
      [1, 5],
    ],
    ["ETags without quotes or in capitals", [[1, "AAA1"]], [1]],
    ["ETags as they are shown, marked as no MD5", [[1, '"aaa1-0"']], [1]],
    ["the plaintext's MD5", [[6, `"${MD5}"`]], [6]],
    [
      "a small part as the last",
      [
        [1, "aaa1"],
        [4, "aaa3"],
      ],
      [1, 3],
    ],
    [
      "a part listed twice in a row as last listed",
      [
        [1, "zzz"],
        [1, "aaa1"],
      ],
      [1],
    ],
  ] as const) {
    it(`takes ${what}`, () => {
      const listed = completed.map(([partNumber, etag]) => ({ partNumber, etag }));
      const selected = selectParts(listed, ATTEMPTS);
      assert.deepEqual(
        selected.map(({ sequence }) => sequence),
        sequences,
      );
    });
  }

  const other = { algorithm: "crc32", value: "AAAAAA==" } as const;
  for (const [code, what, listed] of [
    ["MalformedXML", "no parts", []],
    ["InvalidPart", "an unknown part", [{ partNumber: 2, etag: "aaa1" }]],
    ["InvalidPart", "an attempt that was replaced", [{ partNumber: 3, etag: "aaa2" }]],
    ["InvalidPart", "an attempt at another part", [{ partNumber: 1, etag: "aaa5" }]],
    ["InvalidPart", "an empty ETag", [{ partNumber: 1, etag: "" }]],
    ["InvalidPart", "another checksum", [{ partNumber: 6, etag: "aaa6", checksum: other }]],
    ["InvalidPart", "a checksum it has not", [{ partNumber: 1, etag: "aaa1", checksum: other }]],
    [
      "InvalidPartOrder",
      "falling numbers",
      [
        { partNumber: 3, etag: "aaa5" },
        { partNumber: 1, etag: "aaa1" },
      ],
    ],
    [
      "EntityTooSmall",
      "a small part before the last",
      [
        { partNumber: 4, etag: "aaa3" },
        { partNumber: 6, etag: "aaa6" },
      ],
    ],
  ] as const satisfies readonly (readonly [string, string, readonly CompletedPart[]])[]) {
    it(`refuses ${what} with ${code}`, () => {
      assert.throws(() => selectParts(listed, ATTEMPTS), refusedAs(code));
    });
  }
});

describe("invalidPart", () => {
  it("is S3's refusal", () => {
    assert.ok(refusedAs("InvalidPart")(invalidPart()));
  });
});

describe("contestedParts", () => {
  const named = (partNumber: number, etag: string) => [{ partNumber, etag }];

  it("are those whose named attempt was not recorded last, or looks like another", () => {
    assert.deepEqual(contestedParts(named(1, "aaa1"), ATTEMPTS), []);
    assert.deepEqual(contestedParts(named(3, "aaa5"), ATTEMPTS), []);
    assert.deepEqual(contestedParts(named(3, "aaa2"), ATTEMPTS), [3]);
    const twice = [attempt(6, 6, { md5: MD5 }), attempt(6, 7, { md5: MD5 })];
    assert.deepEqual(contestedParts(named(6, MD5), twice), [6]);
  });

  it("are none where the latest attempt is parked, or nothing of that name was stored", () => {
    const parked = [attempt(1, 1), attempt(1, 2, { isParked: true })];
    assert.deepEqual(contestedParts(named(1, "aaa1"), parked), []);
    assert.deepEqual(contestedParts(named(1, "zzz"), ATTEMPTS), []);
  });

  it("are settled by what the backend holds", () => {
    const held = new Map([[3, '"AAA2"']]);
    assert.equal(selectParts(named(3, "aaa2"), ATTEMPTS, held)[0]?.sequence, 2);
    assert.throws(() => selectParts(named(3, "aaa5"), ATTEMPTS, held), refusedAs("InvalidPart"));
  });
});

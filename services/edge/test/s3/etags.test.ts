import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { backendCondition, clientEtag, headerEtag } from "../../src/s3/etags.ts";

const MD5 = "d41d8cd98f00b204e9800998ecf8427e";

describe("clientEtag", () => {
  for (const [backend, client] of [
    [`"${MD5}"`, `"${MD5}-0"`],
    [MD5, `${MD5}-0`],
    [`"${MD5}-3"`, `"${MD5}-3"`],
    ['"0x8D4BCC2E4835CD0"', '"0x8D4BCC2E4835CD0"'],
    ["", ""],
  ] as const) {
    it(`shows ${backend} as ${client}`, () => {
      assert.equal(clientEtag(backend), client);
    });
  }
});

describe("backendCondition", () => {
  for (const [client, backend] of [
    [`"${MD5}-0"`, `"${MD5}"`],
    [`${MD5}-0`, MD5],
    [`"${MD5}-3"`, `"${MD5}-3"`],
    ["*", "*"],
    [`"${MD5}-0","a" ,*`, `"${MD5}", "a", *`],
    [`W/"${MD5}-0"`, `W/"${MD5}"`],
  ] as const) {
    it(`maps ${client} to ${backend}`, () => {
      assert.equal(backendCondition(client), backend);
    });
  }

  it("matches nothing for a tag that no client was ever given, though the backend has it", () => {
    for (const tag of [`"${MD5}"`, MD5, `W/"${MD5}"`]) {
      assert.doesNotMatch(backendCondition(tag), new RegExp(`${MD5}"?$`));
    }
  });

  it("takes the tag an object is known by for its backend's, quoted as the client quoted it", () => {
    const known = { backend: `"${"b".repeat(32)}"`, shown: `"${MD5}"` };
    for (const [client, backend] of [
      [`"${MD5}"`, known.backend],
      [MD5, "b".repeat(32)],
      [`W/"${MD5}"`, `W/${known.backend}`],
      [`"x", "${MD5}"`, `"x", ${known.backend}`],
      ["*", "*"],
    ] as const) {
      assert.equal(backendCondition(client, known), backend);
    }
    assert.match(backendCondition(`"${"c".repeat(32)}"`, known), /-never"$/);
  });

  it("gives back the backend's own tag for every tag a client was given", () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
    const parts = fc.integer({ min: 1, max: 10_000 });
    const tag = fc.oneof(
      hex,
      fc.tuple(hex, parts).map(([md5, count]) => `${md5}-${count}`),
      fc
        .stringMatching(/^[!#-+\--~]{1,40}$/)
        .filter((text) => !/-(?:0|never)$|^W\/|^\*$/.test(text)),
    );
    fc.assert(
      fc.property(tag, (bare) => {
        for (const etag of [bare, `"${bare}"`]) {
          assert.equal(backendCondition(clientEtag(etag)), etag);
        }
      }),
    );
  });

  it("never lets two objects look like one", () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}(?:-[1-9][0-9]{0,4})?$/);
    fc.assert(
      fc.property(hex, hex, (one, other) => {
        assert.equal(clientEtag(one) === clientEtag(other), one === other);
      }),
    );
  });
});

describe("headerEtag", () => {
  it("puts quotes where a document left them out", () => {
    assert.equal(headerEtag(MD5), `"${MD5}"`);
    for (const etag of [`"${MD5}"`, `W/"${MD5}"`]) assert.equal(headerEtag(etag), etag);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import {
  decodeTarget,
  encodeComponent,
  encodeKey,
  encodeListingKey,
  encodeQuery,
  isKeyLengthAllowed,
  isValidBucketName,
  parseQuery,
  recodeComponent,
  recodePath,
} from "../../src/s3/names.ts";

const isInvalidUri = (error: unknown) => isFault(error, "input.invalid-uri");
const keyText = fc.string({ unit: "binary", maxLength: 60 });

describe("decodeTarget", () => {
  const targets: [rawUrl: string, bucket: string, key: string, rawQuery: string][] = [
    ["/", "", "", ""],
    ["/?x-id=ListBuckets", "", "", "x-id=ListBuckets"],
    ["/b", "b", "", ""],
    ["/b/", "b", "", ""],
    ["/b?acl", "b", "", "acl"],
    ["/b/k?a=1?b", "b", "k", "a=1?b"],
    ["/b/a//b/./../c/", "b", "a//b/./../c/", ""],
    ["/b//", "b", "/", ""],
    ["/b/a%2Fb%252F", "b", "a/b%2F", ""],
    ["/b/a+b%20c", "b", "a+b c", ""],
    ["/b/%E2%82%AC%f0%9f%98%80", "b", "€😀", ""],
    ["/b/\u00c3\u00a0", "b", "à", ""],
    ["/b/%EF%BB%BFk\u00c3\u00a0", "b", "\ufeffkà", ""],
    ["/b/%00%08", "b", "\0\b", ""],
    ["/a%2Fb/c", "a/b", "c", ""],
  ];
  for (const [rawUrl, bucket, key, rawQuery] of targets) {
    it(`takes ${JSON.stringify(rawUrl)} apart`, () => {
      const rawPath = rawUrl.split("?")[0] as string;
      assert.deepEqual(decodeTarget(rawUrl), { rawPath, rawQuery, bucket, key });
    });
  }

  it("takes the whole path as key when the bucket is named by the host", () => {
    assert.deepEqual(decodeTarget("/a/b?x", "bucket"), {
      rawPath: "/a/b",
      rawQuery: "x",
      bucket: "bucket",
      key: "a/b",
    });
  });

  for (const rawUrl of [
    "",
    "*",
    "b/k",
    "http://host/b/k",
    "/b/k#fragment",
    "/b/a b",
    "/b/\u0007",
    "/b/\u20ac",
    "/b/%",
    "/b/%4",
    "/b/%zz",
    "/b/%ff",
    "/b/%c0%af",
    "/b/%ed%a0%80",
    "/b/\u00c3",
    "/b/\u00c3\u00a0%g0",
    "/%ff",
  ]) {
    it(`refuses ${JSON.stringify(rawUrl)}`, () => {
      assert.throws(() => decodeTarget(rawUrl), isInvalidUri);
    });
  }

  it("gives back any key that encodeKey encoded", () => {
    fc.assert(
      fc.property(keyText, (key) => {
        assert.equal(decodeTarget(`/bucket/${encodeKey(key)}`).key, key);
      }),
    );
  });
});

describe("parseQuery", () => {
  it("decodes names and values in order, with + as space and bare names as empty", () => {
    assert.deepEqual(parseQuery("prefix=a+b%2Bc&acl&&x==y&%C3%A0=&prefix="), [
      ["prefix", "a b+c"],
      ["acl", ""],
      ["x", "=y"],
      ["à", ""],
      ["prefix", ""],
    ]);
    assert.deepEqual(parseQuery(""), []);
  });

  it("refuses what is not percent-encoded UTF-8", () => {
    for (const rawQuery of ["a=%", "a=%ff", "%zz", "a=%c3"]) {
      assert.throws(() => parseQuery(rawQuery), isInvalidUri);
    }
  });

  it("gives back what encodeQuery encoded", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1, unit: "binary" }), keyText)),
        (parameters) => {
          assert.deepEqual(parseQuery(encodeQuery(parameters)), parameters);
        },
      ),
    );
  });
});

describe("encoding", () => {
  it("keeps only unreserved characters, and slashes in keys", () => {
    assert.equal(encodeComponent("a-b_c.d~e/f g!'()*+$"), "a-b_c.d~e%2Ff%20g%21%27%28%29%2A%2B%24");
    assert.equal(encodeKey("a/b c+(d)/é"), "a/b%20c%2B%28d%29/%C3%A9");
    assert.equal(encodeListingKey("a b+c/\u0008"), "a%20b%2Bc/%08");
  });

  it("refuses a lone surrogate", () => {
    assert.throws(() => encodeKey("\ud800"), isInvalidUri);
  });

  it("recodes every spelling of a byte into its canonical one", () => {
    assert.equal(recodeComponent("%7e%41%2f(%ff\u00e9)/"), "~A%2F%28%FF%E9%29%2F");
    assert.equal(recodePath("/a(1)/%2F//%7eb"), "/a%281%29/%2F//~b");
    assert.throws(() => recodeComponent("100%"), isInvalidUri);
  });

  it("leaves canonical encodings as they are", () => {
    fc.assert(
      fc.property(keyText, (key) => {
        assert.equal(recodeComponent(encodeComponent(key)), encodeComponent(key));
        assert.equal(recodePath(`/${encodeKey(key)}`), `/${encodeKey(key)}`);
      }),
    );
  });
});

describe("bucket and key rules", () => {
  for (const name of ["abc", "a-b.c-1", "1bucket", "a".repeat(63), "1.2.3"]) {
    it(`allows bucket ${name}`, () => {
      assert.equal(isValidBucketName(name), true);
    });
  }
  for (const name of [
    "",
    "ab",
    "a".repeat(64),
    "Abc",
    "a_b",
    "-ab",
    "ab-",
    ".ab",
    "a..b",
    "192.168.5.4",
    "a/b",
    "abc\n",
  ]) {
    it(`refuses bucket ${JSON.stringify(name)}`, () => {
      assert.equal(isValidBucketName(name), false);
    });
  }

  it("counts the bytes of a key, not its characters", () => {
    assert.equal(isKeyLengthAllowed("a".repeat(1024)), true);
    assert.equal(isKeyLengthAllowed("a".repeat(1025)), false);
    assert.equal(isKeyLengthAllowed("€".repeat(341)), true);
    assert.equal(isKeyLengthAllowed("€".repeat(342)), false);
  });
});

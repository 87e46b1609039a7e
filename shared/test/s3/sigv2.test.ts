import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultCode, isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import {
  isSameText,
  isSignedParameterV2,
  isSignedV2,
  signV2,
  stringToSignV2,
  verifySignatureV2,
} from "../../src/s3/sigv2.ts";
import type { SignableRequest } from "../../src/s3/sigv4.ts";

// Keys, requests and signatures of the examples in the S3 developer guide, "Signing and authenticating REST requests".
const ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE";
const SECRET = new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
const NOW = new Date("2007-03-27T19:40:00Z");

interface Example {
  readonly what: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly bucketOfHost?: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly signature: string;
}

const EXAMPLES: readonly Example[] = [
  {
    what: "an object GET",
    path: "/photos/puppy.jpg",
    bucketOfHost: "awsexamplebucket1",
    headers: [["Date", "Tue, 27 Mar 2007 19:36:42 +0000"]],
    signature: "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
  },
  {
    what: "an object PUT",
    method: "PUT",
    path: "/photos/puppy.jpg",
    bucketOfHost: "awsexamplebucket1",
    headers: [
      ["Content-Type", "image/jpeg"],
      ["Content-Length", "94328"],
      ["Date", "Tue, 27 Mar 2007 21:15:45 +0000"],
    ],
    signature: "iqRzw+ileNPu1fhspnRs8nOjjIA=",
  },
  {
    what: "a listing",
    path: "/",
    query: "prefix=photos&max-keys=50&marker=puppy",
    bucketOfHost: "awsexamplebucket1",
    headers: [
      ["User-Agent", "Mozilla/5.0"],
      ["Date", "Tue, 27 Mar 2007 19:42:41 +0000"],
    ],
    signature: "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
  },
  {
    what: "a sub-resource",
    path: "/",
    query: "acl",
    bucketOfHost: "awsexamplebucket1",
    headers: [["Date", "Tue, 27 Mar 2007 19:44:46 +0000"]],
    signature: "82ZHiFIjc+WbcwFKGUVEQspPn+0=",
  },
  {
    what: "a DELETE with x-amz-date, path style",
    method: "DELETE",
    path: "/johnsmith/photos/puppy.jpg",
    headers: [["x-amz-date", "Tue, 27 Mar 2007 21:20:26 +0000"]],
    signature: "R4dJ53KECjStyBO5iTBJZ4XVOaI=",
  },
  {
    what: "an upload with metadata to a bucket named like a host",
    method: "PUT",
    path: "/db-backup.dat.gz",
    bucketOfHost: "static.johnsmith.net",
    headers: [
      ["Date", "Tue, 27 Mar 2007 21:06:08 +0000"],
      ["x-amz-acl", "public-read"],
      ["content-type", "application/x-download"],
      ["Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="],
      ["X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"],
      ["X-Amz-Meta-ReviewedBy", "jane@johnsmith.net"],
      ["X-Amz-Meta-FileChecksum", "0x02661779"],
      ["X-Amz-Meta-ChecksumAlgorithm", "crc32"],
      ["Content-Disposition", "attachment; filename=database.dat"],
    ],
    signature: "ilyl83RwaSoYIEdixDQcA4OnAnc=",
  },
  {
    what: "a listing of all buckets",
    path: "/",
    headers: [["Date", "Wed, 28 Mar 2007 01:29:59 +0000"]],
    signature: "qGdzdERIC03wnaRNKh6OqZehG9s=",
  },
  {
    what: "a key with percent-encoded characters, as they came",
    path: "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
    headers: [["Date", "Wed, 28 Mar 2007 01:49:49 +0000"]],
    signature: "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
  },
];

function requestOf({ method = "GET", path = "/", query = "", headers }: Partial<Example>) {
  return { method, rawPath: path, rawQuery: query, headers: headers ?? [] };
}

function withSignature(request: SignableRequest, signature: string): SignableRequest {
  const authorization = ["Authorization", `AWS ${ACCESS_KEY}:${signature}`] as const;
  return { ...request, headers: [...request.headers, authorization] };
}

function verify(request: SignableRequest, now = NOW, bucketOfHost?: string) {
  return verifySignatureV2(request, {
    findSecret: (key) => (key === ACCESS_KEY ? SECRET : undefined),
    now,
    clockSkewMs: 5 * 60_000,
    ...(bucketOfHost === undefined ? {} : { bucketOfHost }),
  });
}

function signed(request: SignableRequest): SignableRequest {
  const has = (wanted: string) =>
    request.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const date = has("x-amz-date") === undefined ? (has("date") ?? "") : "";
  return withSignature(request, signV2(SECRET, stringToSignV2(request, date)));
}

function presigned(
  request: SignableRequest,
  expires = "1175139620",
  sign = request,
): SignableRequest {
  const signature = encodeURIComponent(signV2(SECRET, stringToSignV2(sign, expires)));
  const own = request.rawQuery === "" ? "" : `${request.rawQuery}&`;
  const rawQuery = `${own}AWSAccessKeyId=${ACCESS_KEY}&Signature=${signature}&Expires=${expires}`;
  return { ...request, rawQuery };
}

const fresh: SignableRequest = requestOf({
  path: "/bucket/key",
  headers: [["Date", "Tue, 27 Mar 2007 19:39:42 GMT"]],
});

function refuses(code: FaultCode, request: SignableRequest, now = NOW): void {
  assert.throws(
    () => verify(request, now),
    (error) => isFault(error, code),
  );
}

describe("the examples that S3 publishes", () => {
  for (const { what, signature, bucketOfHost, ...example } of EXAMPLES) {
    it(`verifies ${what}`, () => {
      const request = requestOf(example);
      const date = request.headers.find(([name]) => /date/i.test(name))?.[1] ?? "";
      const verified = verify(withSignature(request, signature), new Date(date), bucketOfHost);
      assert.equal(verified.accessKey, ACCESS_KEY);
      assert.equal(verified.form, "header");
      assert.deepEqual(verified.payload, { kind: "unsigned" });
    });
  }

  it("verifies a query string with Expires", () => {
    const request = requestOf({
      path: "/photos/puppy.jpg",
      query: `AWSAccessKeyId=${ACCESS_KEY}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`,
    });
    const verified = verify(request, NOW, "johnsmith");
    assert.equal(verified.form, "presigned");
  });
});

describe("isSignedV2", () => {
  it("sees the header, the query and mutilated forms of either", () => {
    assert.equal(isSignedV2(requestOf({ headers: [["Authorization", "AWS a:b"]] })), true);
    assert.equal(isSignedV2(requestOf({ headers: [["Authorization", "AWS"]] })), true);
    assert.equal(isSignedV2(requestOf({ query: "Signature=x" })), true);
    assert.equal(isSignedV2(requestOf({ query: "AWSAccessKeyId=x" })), true);
  });

  it("takes version 4 and anonymous requests for neither", () => {
    const version4 = [["Authorization", "AWS4-HMAC-SHA256 Credential=…"]] as const;
    assert.equal(isSignedV2(requestOf({ headers: version4 })), false);
    assert.equal(isSignedV2(requestOf({ query: "X-Amz-Signature=x&Expires=1" })), false);
    assert.equal(isSignedV2(requestOf({})), false);
  });
});

describe("verifySignatureV2", () => {
  it("covers sub-resources, response overrides and x-amz headers", () => {
    const plain = signed(fresh);
    for (const rawQuery of ["acl", "versionId=1", "retention", "response-content-type=text/html"]) {
      refuses("auth.signature-mismatch", { ...plain, rawQuery });
      assert.equal(verify(signed({ ...fresh, rawQuery })).accessKey, ACCESS_KEY);
    }
    refuses("auth.signature-mismatch", {
      ...plain,
      headers: [...plain.headers, ["x-amz-copy-source", "/other/key"]],
    });
    assert.equal(verify({ ...plain, rawQuery: "prefix=a" }).accessKey, ACCESS_KEY);
  });

  it("signs the values of parameters decoded and sorted by name", () => {
    const request = { ...fresh, rawQuery: "versionId=a%2Fb&acl&response-content-type=text%2Fhtml" };
    const text = stringToSignV2(request, "");
    assert.ok(text.endsWith("/bucket/key?acl&response-content-type=text/html&versionId=a/b"), text);
    assert.equal(isSignedParameterV2("list-type"), false);
  });

  it("covers what a presigned URL names, and nothing may be added to it", () => {
    const get = requestOf({ path: "/bucket/key" });
    assert.equal(verify(presigned(get)).form, "presigned");
    refuses("auth.signature-mismatch", { ...presigned(get), method: "PUT" });
    refuses("auth.signature-mismatch", {
      ...presigned(get),
      headers: [["x-amz-copy-source", "/a/b"]],
    });
    refuses(
      "auth.signature-mismatch",
      presigned({ ...get, rawQuery: "uploads" }, "1175139620", get),
    );
  });

  it("takes a presigned URL until its end and not after", () => {
    const url = presigned(requestOf({ path: "/bucket/key" }), "1175139620");
    assert.ok(verify(url, new Date(1_175_139_620_000)));
    refuses("auth.expired", url, new Date(1_175_139_620_001));
  });

  it("refuses a presigned URL that lacks a part or has one twice", () => {
    const url = presigned(requestOf({ path: "/bucket/key" }));
    for (const name of ["AWSAccessKeyId", "Signature", "Expires"]) {
      const without = url.rawQuery.split("&").filter((part) => !part.startsWith(name));
      refuses("auth.denied", { ...url, rawQuery: without.join("&") });
      const again = url.rawQuery.split("&").find((part) => part.startsWith(name));
      refuses("auth.denied", { ...url, rawQuery: `${url.rawQuery}&${again}` });
    }
    refuses("auth.denied", presigned(requestOf({}), "soon"));
  });

  it("judges the clock by x-amz-date where there is one, else by Date", () => {
    const date = (name: string, value: string) =>
      signed({ ...fresh, headers: [...fresh.headers.slice(0, 0), [name, value]] });
    refuses("auth.skewed-clock", date("Date", "Tue, 27 Mar 2007 19:34:59 GMT"));
    refuses("auth.skewed-clock", date("x-amz-date", "Tue, 07 Jul 9999 21:53:04 GMT"));
    assert.ok(verify(date("x-amz-date", "20070327T193942Z")));
    for (const bad of ["", "Bad Date", "Tue, 07 Jul 1950 21:53:04 GMT"]) {
      refuses("auth.denied", date("x-amz-date", bad));
    }
    refuses("auth.denied", signed({ ...fresh, headers: [] }));
  });

  it("refuses what is no version 2 signature", () => {
    const authorization = (value: string): SignableRequest => ({
      ...fresh,
      headers: [...fresh.headers, ["Authorization", value]],
    });
    for (const value of ["AWS", "AWS HAHAHA", "AWS :sig", "AWS key:", "AWS a b:c"]) {
      refuses("input.invalid", authorization(value));
    }
  });

  it("refuses a request that is signed twice", () => {
    const url = presigned(fresh);
    refuses("input.invalid", signed(url));
    refuses("input.invalid", { ...url, rawQuery: `${url.rawQuery}&X-Amz-Signature=0` });
    const twice = signed(fresh);
    refuses("input.invalid", withSignature(twice, "x"));
  });

  it("tells an unknown key from a wrong signature", () => {
    const unknown = ["Authorization", "AWS nobody:qgk2+6Sv9/oM7G3qLEjTH1a1l1g="] as const;
    refuses("auth.unknown-key", { ...fresh, headers: [...fresh.headers, unknown] });
    refuses("auth.signature-mismatch", withSignature(fresh, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    refuses("auth.signature-mismatch", withSignature(fresh, "short"));
  });

  it("says how the body is bound, and refuses chunks it could not verify", () => {
    const withHash = (value: string) =>
      signed({ ...fresh, headers: [...fresh.headers, ["x-amz-content-sha256", value]] });
    assert.deepEqual(verify(withHash("a".repeat(64))).payload, {
      kind: "hash",
      sha256: "a".repeat(64),
    });
    assert.equal(verify(withHash("STREAMING-UNSIGNED-PAYLOAD-TRAILER")).payload.kind, "chunked");
    refuses("auth.unsupported", withHash("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"));
    refuses("auth.malformed-header", withHash("nonsense"));
  });
});

describe("isSameText", () => {
  it("compares whole texts", () => {
    assert.equal(isSameText("abc", "abc"), true);
    assert.equal(isSameText("abc", "abd"), false);
    assert.equal(isSameText("abc", "abcd"), false);
  });
});

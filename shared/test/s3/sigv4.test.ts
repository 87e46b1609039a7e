import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import {
  canonicalRequest,
  deriveSigningKey,
  EMPTY_SHA256,
  presign,
  type SignableRequest,
  SigningKeyCache,
  signRequest,
} from "../../src/s3/sigv4.ts";

// The examples of the S3 API reference, "Signature Calculations for the Authorization Header" and "… Using Query Parameters".
const signer = {
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
  region: "us-east-1",
  now: new Date("2013-05-24T00:00:00Z"),
};
const host = ["Host", "examplebucket.s3.amazonaws.com"] as const;
const get: SignableRequest = { method: "GET", rawPath: "/", rawQuery: "", headers: [host] };

describe("signRequest", () => {
  const examples: [name: string, SignableRequest, payloadHash: string, signature: string][] = [
    [
      "GET Object",
      { ...get, rawPath: "/test.txt", headers: [host, ["Range", "bytes=0-9"]] },
      EMPTY_SHA256,
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "PUT Object",
      {
        method: "PUT",
        rawPath: "/test%24file.text",
        rawQuery: "",
        headers: [
          host,
          ["Date", "Fri, 24 May 2013 00:00:00 GMT"],
          ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
        ],
      },
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    [
      "GET Bucket Lifecycle",
      { ...get, rawQuery: "lifecycle" },
      EMPTY_SHA256,
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ],
    [
      "GET Bucket (List Objects)",
      { ...get, rawQuery: "max-keys=2&prefix=J" },
      EMPTY_SHA256,
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ],
    [
      "PUT Object in chunks",
      {
        method: "PUT",
        rawPath: "/examplebucket/chunkObject.txt",
        rawQuery: "",
        headers: [
          ["Host", "s3.amazonaws.com"],
          ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
          ["Content-Encoding", "aws-chunked"],
          ["x-amz-decoded-content-length", "66560"],
          ["Content-Length", "66824"],
        ],
      },
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    ],
  ];
  for (const [name, request, payloadHash, signature] of examples) {
    it(`signs the published example ${name}`, () => {
      const added = signRequest(request, { ...signer, payloadHash });
      assert.equal(added.authorization?.split("Signature=")[1], signature);
      assert.equal(added["x-amz-date"], "20130524T000000Z");
      assert.equal(added["x-amz-content-sha256"], payloadHash);
    });
  }

  it("writes the Authorization header as documented", () => {
    assert.equal(
      signRequest({ ...get, rawQuery: "lifecycle" }, { ...signer, payloadHash: EMPTY_SHA256 })
        .authorization,
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, " +
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
  });

  it("signs over what it adds, not over an old value of the same header", () => {
    const options = { ...signer, payloadHash: EMPTY_SHA256, sessionToken: new Secret("token") };
    const added = signRequest(get, options);
    const stale = { ...get, headers: [host, ["X-Amz-Date", "19990101T000000Z"] as const] };
    assert.deepEqual(signRequest(stale, options), added);
    assert.equal(added["x-amz-security-token"], "token");
    assert.match(added.authorization ?? "", /x-amz-security-token,/);
  });

  it("does not sign what proxies change, and does not sign without host", () => {
    const options = { ...signer, payloadHash: EMPTY_SHA256 };
    const noisy: SignableRequest = {
      ...get,
      headers: [host, ["User-Agent", "x"], ["Expect", "100-continue"], ["Connection", "close"]],
    };
    assert.deepEqual(signRequest(noisy, options), signRequest(get, options));
    assert.throws(
      () => signRequest({ ...get, headers: [] }, options),
      (error) => isFault(error, "internal.bug"),
    );
  });

  it("gives the same signature with cached keys, and does not use the key of an old secret", () => {
    const signingKeys = new SigningKeyCache();
    const options = { ...signer, payloadHash: EMPTY_SHA256 };
    const plain = signRequest(get, options);
    assert.deepEqual(signRequest(get, { ...options, signingKeys }), plain);
    assert.deepEqual(signRequest(get, { ...options, signingKeys }), plain);
    const rotated = { ...options, secretKey: "another" };
    assert.deepEqual(signRequest(get, { ...rotated, signingKeys }), signRequest(get, rotated));
  });
});

describe("SigningKeyCache", () => {
  it("keeps at most the number of keys it was made for and drops the oldest", () => {
    const signingKeys = new SigningKeyCache(2);
    const scopes = ["eu", "us", "ap"].map((region) => ({
      date: "20130524",
      region,
      service: "s3",
    }));
    for (const scope of scopes) {
      signingKeys.keep(signer, scope, deriveSigningKey(signer.secretKey, scope));
    }
    assert.deepEqual(
      scopes.map(
        (scope) => signingKeys.get(signer.accessKey, signer.secretKey, scope) !== undefined,
      ),
      [false, true, true],
    );
  });
});

describe("presign", () => {
  it("signs the published example", () => {
    assert.equal(
      presign({ ...get, rawPath: "/test.txt" }, { ...signer, expiresSeconds: 86400 }),
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    );
  });

  it("keeps the parameters of the request and carries token and payload hash", () => {
    const rawQuery = presign(
      { ...get, rawQuery: "partNumber=1&uploadId=a%2Fb" },
      { ...signer, expiresSeconds: 60, sessionToken: "t/1", payloadHash: EMPTY_SHA256 },
    );
    assert.match(rawQuery, /^partNumber=1&uploadId=a%2Fb&X-Amz-Algorithm=/);
    assert.match(rawQuery, /&X-Amz-Security-Token=t%2F1&/);
    assert.match(rawQuery, new RegExp(`&X-Amz-Content-Sha256=${EMPTY_SHA256}&`));
  });
});

describe("canonicalRequest", () => {
  const lines = (request: Partial<SignableRequest>, names: string[]) =>
    canonicalRequest({ ...get, ...request }, names, "hash").split("\n");

  it("uses the path exactly as sent", () => {
    assert.equal(lines({ rawPath: "/b//./../a%2Fb+(c)/" }, ["host"])[1], "/b//./../a%2Fb+(c)/");
  });

  it("sorts the query by name, then value, and gives every byte its canonical encoding", () => {
    assert.equal(
      lines({ rawQuery: "b=2&b=1&a-b=x&a=%7e%2f&acl&c=x+y&%41=(&X-Amz-Signature=z&" }, ["host"])[2],
      "A=%28&a=~%2F&a-b=x&acl=&b=1&b=2&c=x%20y",
    );
  });

  it("joins repeated headers, trims and collapses spaces, and keeps the byte A0", () => {
    const headers = [
      ["X-Amz-Meta-A", "  a   b "],
      ["x-amz-meta-b", "1"],
      ["X-AMZ-META-B", "\t2"],
      ["x-amz-meta-c", "voil\u00c3\u00a0"],
      ["constructor", "x"],
    ] as const;
    assert.deepEqual(
      lines({ headers }, ["x-amz-meta-c", "x-amz-meta-b", "x-amz-meta-a", "absent"]).slice(3),
      [
        "absent:",
        "x-amz-meta-a:a b",
        "x-amz-meta-b:1,2",
        "x-amz-meta-c:voil\u00c3\u00a0",
        "",
        "absent;x-amz-meta-a;x-amz-meta-b;x-amz-meta-c",
        "hash",
      ],
    );
  });
});

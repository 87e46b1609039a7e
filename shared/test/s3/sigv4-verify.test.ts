import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type FaultCode, isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { encodeKey, encodeQuery } from "../../src/s3/names.ts";
import {
  EMPTY_SHA256,
  presign,
  type SignableRequest,
  SigningKeyCache,
  signRequest,
} from "../../src/s3/sigv4.ts";
import { verifySignature } from "../../src/s3/sigv4-verify.ts";

const signer = {
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
  region: "us-east-1",
  now: new Date("2013-05-24T00:00:00Z"),
};
const options = {
  findSecret: (accessKey: string) =>
    accessKey === signer.accessKey ? signer.secretKey : undefined,
  now: signer.now,
  clockSkewMs: 300_000,
};
const plain: SignableRequest = {
  method: "PUT",
  rawPath: "/bucket/a%20b//..%2Fc",
  rawQuery: "",
  headers: [["Host", "localhost:9000"]],
};

function signed(request: SignableRequest = plain, payloadHash = EMPTY_SHA256): SignableRequest {
  const added = signRequest(request, { ...signer, payloadHash });
  return { ...request, headers: [...request.headers, ...Object.entries(added)] };
}

function presigned(request: SignableRequest = plain, expiresSeconds = 60): SignableRequest {
  return { ...request, rawQuery: presign(request, { ...signer, expiresSeconds }) };
}

function withHeader(request: SignableRequest, name: string, value: string): SignableRequest {
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name);
  return { ...request, headers: [...others, [name, value]] };
}

function refuses(
  request: SignableRequest,
  code: FaultCode,
  changes: Partial<typeof options> = {},
): void {
  assert.throws(
    () => verifySignature(request, { ...options, ...changes }),
    (error) => isFault(error, code),
  );
}

const secondsLater = (seconds: number) => new Date(signer.now.getTime() + seconds * 1000);

describe("verifySignature", () => {
  it("gives nothing for a request without authentication", () => {
    assert.equal(verifySignature(plain, options), undefined);
  });

  it("takes what signRequest and presign made, with and without kept keys", () => {
    const signingKeys = new SigningKeyCache();
    for (const [request, form, payload] of [
      [signed(), "header", { kind: "hash", sha256: EMPTY_SHA256 }],
      [presigned(), "presigned", { kind: "unsigned" }],
    ] as const) {
      const expected = { accessKey: signer.accessKey, form, payload, region: "us-east-1" };
      assert.deepEqual(verifySignature(request, options), expected);
      assert.deepEqual(verifySignature(request, { ...options, signingKeys }), expected);
      assert.deepEqual(verifySignature(request, { ...options, signingKeys }), expected);
    }
  });

  it("takes any key, query and metadata that signRequest signs", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    const latin1 = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      maxLength: 20,
    });
    fc.assert(
      fc.property(text, fc.array(fc.tuple(text, text)), latin1, (key, query, metadata) => {
        const request: SignableRequest = {
          method: "PUT",
          rawPath: `/bucket/${encodeKey(key)}`,
          rawQuery: encodeQuery(query.filter(([name]) => name !== "Signature")),
          headers: [...plain.headers, ["x-amz-meta-a", metadata]],
        };
        assert.ok(verifySignature(signed(request), options));
      }),
      { numRuns: 60 },
    );
  });

  it("takes a path that was sent less encoded than it was signed", () => {
    const request = signed({ ...plain, rawPath: "/bucket/a%281%29" });
    assert.ok(verifySignature({ ...request, rawPath: "/bucket/a(1)" }, options));
  });

  const tampered: [what: string, change: (request: SignableRequest) => SignableRequest][] = [
    ["method", (request) => ({ ...request, method: "GET" })],
    ["path", (request) => ({ ...request, rawPath: `${request.rawPath}x` })],
    ["dot segments of the path", (request) => ({ ...request, rawPath: "/bucket/a%20b/../c" })],
    ["query", (request) => ({ ...request, rawQuery: `${request.rawQuery}&acl` })],
    ["host", (request) => withHeader(request, "host", "elsewhere")],
  ];
  for (const [what, change] of tampered) {
    it(`refuses another ${what} than was signed`, () => {
      refuses(change(signed()), "auth.signature-mismatch");
      refuses(change(presigned()), "auth.signature-mismatch");
    });
  }

  it("refuses a signature of another length or with other letters", () => {
    const value = signed().headers.find(([name]) => name === "authorization")?.[1] ?? "";
    for (const bad of [
      value.slice(0, -1),
      `${value}0`,
      value.toUpperCase().slice(-64),
      `${value.slice(0, -1)}é`,
    ]) {
      const authorization = bad.length === 64 ? value.slice(0, -64) + bad : bad;
      refuses(withHeader(signed(), "authorization", authorization), "auth.signature-mismatch");
    }
  });

  it("refuses a changed or missing signed header", () => {
    const request = signed({ ...plain, headers: [...plain.headers, ["x-amz-acl", "private"]] });
    refuses(withHeader(request, "x-amz-acl", "public-read"), "auth.signature-mismatch");
    const without = request.headers.filter(([name]) => name !== "x-amz-acl");
    refuses({ ...request, headers: without }, "auth.signature-mismatch");
  });

  it("refuses x-amz-* headers that are not signed, in either form", () => {
    for (const request of [signed(), presigned()]) {
      refuses(withHeader(request, "X-Amz-Copy-Source", "/other/object"), "auth.denied");
    }
    assert.ok(verifySignature(withHeader(signed(), "x-amz-cf-id", "x"), options));
    assert.ok(verifySignature(withHeader(signed(), "x-amzn-trace-id", "x"), options));
    assert.ok(verifySignature(withHeader(signed(), "range", "bytes=0-1"), options));
  });

  it("refuses unknown keys and other secrets", () => {
    refuses(signed(), "auth.unknown-key", { findSecret: () => undefined });
    const findSecret = () => new Secret("another");
    refuses(signed(), "auth.signature-mismatch", { findSecret });
  });

  it("forgets the key of a secret that was replaced", () => {
    const signingKeys = new SigningKeyCache();
    assert.ok(verifySignature(signed(), { ...options, signingKeys }));
    assert.throws(
      () =>
        verifySignature(signed(), {
          ...options,
          signingKeys,
          findSecret: () => new Secret("another"),
        }),
      (error) => isFault(error, "auth.signature-mismatch"),
    );
  });

  it("keeps no key for a signature that is wrong", () => {
    const signingKeys = new SigningKeyCache();
    const scope = { date: "20130524", region: "us-east-1", service: "s3" };
    const kept = () => signingKeys.get(signer.accessKey, signer.secretKey, scope);
    assert.throws(() =>
      verifySignature({ ...signed(), method: "GET" }, { ...options, signingKeys }),
    );
    assert.equal(kept(), undefined);
    verifySignature(signed(), { ...options, signingKeys });
    assert.notEqual(kept(), undefined);
  });

  it("lets a signed request's clock be off by the tolerance and no more", () => {
    for (const seconds of [-300, 300]) {
      assert.ok(verifySignature(signed(), { ...options, now: secondsLater(seconds) }));
    }
    for (const seconds of [-301, 301, 86_400]) {
      refuses(signed(), "auth.skewed-clock", { now: secondsLater(seconds) });
    }
  });

  it("takes a presigned request until it expires, not before its time", () => {
    for (const seconds of [-300, 0, 60]) {
      assert.ok(verifySignature(presigned(), { ...options, now: secondsLater(seconds) }));
    }
    refuses(presigned(), "auth.expired", { now: secondsLater(61) });
    refuses(presigned(), "auth.denied", { now: secondsLater(-301) });
    const week = presigned(plain, 604_800);
    assert.ok(verifySignature(week, { ...options, now: secondsLater(604_800) }));
  });

  it("refuses a credential of another day than the request's", () => {
    const request = signed();
    const value = request.headers.find(([name]) => name === "authorization")?.[1] ?? "";
    const other = value.replace("/20130524/", "/20130523/");
    refuses(withHeader(request, "authorization", other), "auth.malformed-header");
    const rawQuery = presigned().rawQuery.replace("%2F20130524%2F", "%2F20130523%2F");
    refuses({ ...plain, rawQuery }, "auth.malformed-query");
  });

  const modes: [payloadHash: string, payload: object, hasChunkSigning: boolean][] = [
    ["A".repeat(64), { kind: "hash", sha256: "a".repeat(64) }, false],
    ["UNSIGNED-PAYLOAD", { kind: "unsigned" }, false],
    [
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      { kind: "chunked", isSigned: true, hasTrailer: false },
      true,
    ],
    [
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      { kind: "chunked", isSigned: true, hasTrailer: true },
      true,
    ],
    [
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      { kind: "chunked", isSigned: false, hasTrailer: true },
      false,
    ],
  ];
  for (const [payloadHash, payload, hasChunkSigning] of modes) {
    it(`reads the payload mode ${payloadHash}`, () => {
      const verified = verifySignature(signed(plain, payloadHash), options);
      assert.deepEqual(verified?.payload, payload);
      assert.equal(verified?.chunkSigning !== undefined, hasChunkSigning);
    });
  }

  it("hands over what chunk signatures start from", () => {
    const request = signed(plain, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    const authorization = request.headers.find(([name]) => name === "authorization")?.[1] ?? "";
    const chunkSigning = verifySignature(request, options)?.chunkSigning;
    assert.equal(chunkSigning?.scope, "20130524/us-east-1/s3/aws4_request");
    assert.equal(chunkSigning?.timestamp, "20130524T000000Z");
    assert.equal(chunkSigning?.seedSignature, authorization.slice(-64));
  });

  it("refuses payload hashes that are none", () => {
    for (const payloadHash of [
      "",
      "abc",
      `${"a".repeat(63)}g`,
      "STREAMING-AWS4-HMAC-SHA256-EVENTS",
    ]) {
      refuses(signed(plain, payloadHash), "auth.malformed-header");
    }
    refuses(signed(plain, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), "auth.unsupported");
  });

  it("binds a presigned request to the payload hash given in its query or header", () => {
    const payloadHash = "a".repeat(64);
    const rawQuery = presign(plain, { ...signer, expiresSeconds: 60, payloadHash });
    const expected = { kind: "hash", sha256: payloadHash };
    assert.deepEqual(verifySignature({ ...plain, rawQuery }, options)?.payload, expected);
    refuses(
      { ...plain, rawQuery: rawQuery.replace(payloadHash, EMPTY_SHA256) },
      "auth.signature-mismatch",
    );
    refuses(
      withHeader(presigned(), "x-amz-content-sha256", payloadHash),
      "auth.signature-mismatch",
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FaultCode, isFault } from "../../src/faults.ts";
import type { SignableRequest } from "../../src/s3/sigv4.ts";
import { parseTimestamp, readClaim } from "../../src/s3/sigv4-claim.ts";

const parts = {
  credential: "Credential=AKID/20130524/us-east-1/s3/aws4_request",
  signedHeaders: "SignedHeaders=host;x-amz-date",
  signature: `Signature=${"a".repeat(64)}`,
};
const headers: [string, string][] = [
  ["Host", "localhost"],
  ["X-Amz-Date", "20130524T000000Z"],
  ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
];
const authorization = `AWS4-HMAC-SHA256 ${Object.values(parts).join(", ")}`;

function inHeader(value: string, others = headers): SignableRequest {
  return {
    method: "GET",
    rawPath: "/",
    rawQuery: "",
    headers: [...others, ["Authorization", value]],
  };
}

const query = {
  "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
  "X-Amz-Credential": "AKID%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
  "X-Amz-Date": "20130524T000000Z",
  "X-Amz-Expires": "60",
  "X-Amz-SignedHeaders": "host",
  "X-Amz-Signature": "a".repeat(64),
};

function inQuery(
  changes: Record<string, string | undefined> = {},
  others: SignableRequest["headers"] = [["Host", "localhost"]],
): SignableRequest {
  const parameters = Object.entries({ ...query, ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  const rawQuery = parameters.map(([name, value]) => `${name}=${value}`).join("&");
  return { method: "GET", rawPath: "/", rawQuery, headers: others };
}

function refuses(request: SignableRequest, code: FaultCode): void {
  assert.throws(
    () => readClaim(request),
    (error) => isFault(error, code),
  );
}

describe("readClaim", () => {
  it("finds no claim in a request without authentication", () => {
    const request: SignableRequest = { method: "GET", rawPath: "/", rawQuery: "acl", headers };
    assert.equal(readClaim(request), undefined);
    assert.equal(readClaim(inHeader(" ")), undefined);
  });

  it("reads the Authorization header, with or without spaces and in any order", () => {
    const expected = {
      form: "header",
      accessKey: "AKID",
      scope: { date: "20130524", region: "us-east-1", service: "s3" },
      signedHeaders: ["host", "x-amz-date"],
      signature: "a".repeat(64),
      timestamp: "20130524T000000Z",
      payloadHash: "UNSIGNED-PAYLOAD",
    };
    const { credential, signedHeaders, signature } = parts;
    for (const value of [
      authorization,
      `AWS4-HMAC-SHA256 ${credential},${signedHeaders},${signature}`,
      `AWS4-HMAC-SHA256  ${signature} , ${credential} ,  ${signedHeaders}`,
    ]) {
      assert.deepEqual(readClaim(inHeader(value)), expected);
    }
  });

  it("reads access keys that hold slashes", () => {
    const value = authorization.replace("AKID", "tenant/AK/ID");
    assert.equal(readClaim(inHeader(value))?.accessKey, "tenant/AK/ID");
  });

  it("takes the Date header where x-amz-date is missing, and only there", () => {
    const dated = (date: string) =>
      readClaim(
        inHeader(authorization, [
          ...headers.filter(([name]) => name !== "X-Amz-Date"),
          ["Date", date],
        ]),
      );
    assert.equal(dated("Fri, 24 May 2013 00:00:00 GMT")?.timestamp, "20130524T000000Z");
    assert.equal(dated("Fri, 24 May 2013 00:00:00 +0000")?.timestamp, "20130524T000000Z");
    assert.equal(dated("20130524T000000Z")?.timestamp, "20130524T000000Z");
    const both = inHeader(authorization, [...headers, ["Date", "Sat, 01 Jan 2000 00:00:00 GMT"]]);
    assert.equal(readClaim(both)?.timestamp, "20130524T000000Z");
  });

  const badHeaders: [what: string, request: SignableRequest, FaultCode][] = [
    [
      "two Authorization headers",
      inHeader(authorization, [...headers, ["authorization", authorization]]),
      "auth.malformed-header",
    ],
    [
      "an empty Authorization header beside a full one",
      inHeader(authorization, [...headers, ["Authorization", ""]]),
      "auth.malformed-header",
    ],
    [
      "header and query at once",
      { ...inHeader(authorization), rawQuery: inQuery().rawQuery },
      "auth.malformed-header",
    ],
    ["SigV2", inHeader("AWS AKID:c2lnbmF0dXJl"), "auth.unsupported"],
    ["SigV4A", inHeader(authorization.replace("HMAC", "ECDSA-P256")), "auth.unsupported"],
    ["another scheme", inHeader("Bearer x"), "auth.unsupported"],
    ["the scheme alone", inHeader("AWS4-HMAC-SHA256"), "auth.malformed-header"],
    [
      "no credential",
      inHeader(authorization.replace(`${parts.credential}, `, "")),
      "auth.malformed-header",
    ],
    [
      "no signed headers",
      inHeader(authorization.replace(`${parts.signedHeaders}, `, "")),
      "auth.malformed-header",
    ],
    [
      "no signature",
      inHeader(authorization.replace(`, ${parts.signature}`, "")),
      "auth.malformed-header",
    ],
    [
      "an empty signature",
      inHeader(authorization.replace(parts.signature, "Signature=")),
      "auth.malformed-header",
    ],
    ["a part twice", inHeader(`${authorization}, ${parts.signature}`), "auth.malformed-header"],
    ["an unknown part", inHeader(`${authorization}, X=1`), "auth.malformed-header"],
    ["another service", inHeader(authorization.replace("/s3/", "/ec2/")), "auth.malformed-header"],
    [
      "another terminator",
      inHeader(authorization.replace("aws4_request", "aws5_request")),
      "auth.malformed-header",
    ],
    ["an empty region", inHeader(authorization.replace("us-east-1", "")), "auth.malformed-header"],
    ["a scope too short", inHeader(authorization.replace("AKID/", "")), "auth.malformed-header"],
    [
      "a host that is not signed",
      inHeader(authorization.replace("host;", "")),
      "auth.malformed-header",
    ],
    [
      "signed headers in capitals",
      inHeader(authorization.replace("host;", "host;Range;")),
      "auth.malformed-header",
    ],
    [
      "signed headers twice",
      inHeader(authorization.replace("host;", "host;host;")),
      "auth.malformed-header",
    ],
    ["no payload hash", inHeader(authorization, headers.slice(0, 2)), "auth.malformed-header"],
    [
      "two payload hashes",
      inHeader(authorization, [...headers, ["x-amz-content-sha256", "UNSIGNED-PAYLOAD"]]),
      "auth.malformed-header",
    ],
    [
      "no date",
      inHeader(authorization, [
        ["Host", "localhost"],
        ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
      ]),
      "auth.denied",
    ],
    [
      "an impossible date",
      inHeader(authorization, [
        ["X-Amz-Date", "20131324T000000Z"],
        ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
      ]),
      "auth.denied",
    ],
    [
      "two dates",
      inHeader(authorization, [...headers, ["x-amz-date", "20130524T000000Z"]]),
      "auth.denied",
    ],
  ];
  for (const [what, request, code] of badHeaders) {
    it(`refuses ${what}`, () => refuses(request, code));
  }

  it("reads a presigned query, with UNSIGNED-PAYLOAD unless a payload hash is given", () => {
    const claim = readClaim(inQuery());
    assert.deepEqual(claim, {
      form: "presigned",
      accessKey: "AKID",
      scope: { date: "20130524", region: "us-east-1", service: "s3" },
      signedHeaders: ["host"],
      signature: "a".repeat(64),
      timestamp: "20130524T000000Z",
      expiresSeconds: 60,
      payloadHash: "UNSIGNED-PAYLOAD",
    });
    const hash = "b".repeat(64);
    assert.equal(readClaim(inQuery({ "X-Amz-Content-SHA256": hash }))?.payloadHash, hash);
    assert.equal(readClaim(inQuery({}, [["x-amz-content-sha256", hash]]))?.payloadHash, hash);
  });

  const badQueries: [what: string, request: SignableRequest, FaultCode][] = [
    ...Object.keys(query).map((name): [string, SignableRequest, FaultCode] => [
      `a query without ${name}`,
      inQuery({ [name]: undefined }),
      "auth.malformed-query",
    ]),
    ["a parameter twice", inQuery({ "x-amz-expires": "60" }), "auth.malformed-query"],
    ["a bad date", inQuery({ "X-Amz-Date": "2013-05-24" }), "auth.malformed-query"],
    [
      "two payload hashes in disagreement",
      inQuery({ "X-Amz-Content-Sha256": "a" }, [["x-amz-content-sha256", "b"]]),
      "auth.malformed-query",
    ],
    [
      "SigV4A in the query",
      inQuery({ "X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256" }),
      "auth.unsupported",
    ],
    ["SigV2 in the query", inQuery({ AWSAccessKeyId: "AKID" }), "auth.unsupported"],
    ...["1.5", "", "1e3", "9".repeat(16)].map((expires): [string, SignableRequest, FaultCode] => [
      `X-Amz-Expires of ${JSON.stringify(expires)}`,
      inQuery({ "X-Amz-Expires": expires }),
      "auth.malformed-query",
    ]),
    ...["0", "-7", "604801", "99999999999"].map((expires): [string, SignableRequest, FaultCode] => [
      `a lifetime of ${expires} seconds, which nobody grants`,
      inQuery({ "X-Amz-Expires": expires }),
      "auth.expired",
    ]),
  ];
  for (const [what, request, code] of badQueries) {
    it(`refuses ${what}`, () => refuses(request, code));
  }

  it("takes the longest time that is allowed", () => {
    assert.equal(readClaim(inQuery({ "X-Amz-Expires": "604800" }))?.expiresSeconds, 604_800);
  });
});

describe("parseTimestamp", () => {
  it("reads moments and refuses what is none", () => {
    assert.equal(parseTimestamp("20130524T010203Z"), Date.UTC(2013, 4, 24, 1, 2, 3));
    for (const text of [
      "",
      "20130524",
      "20130524T250000Z",
      "20130230T000000Z",
      "20130524T010203Z ",
    ]) {
      assert.equal(parseTimestamp(text), undefined);
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { signV2 } from "@s3eg/shared/s3/sigv2.ts";
import { deriveSigningKey, SigningKeyCache, sign } from "@s3eg/shared/s3/sigv4.ts";
import { Credentials } from "../../src/auth/credentials.ts";
import { EVERYTHING } from "../../src/auth/rights.ts";
import { formSigner } from "../../src/form/form-signature.ts";

// Keys of the example in the S3 API reference, "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
const ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE";
const SECRET = new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
const authentication = {
  credentials: new Credentials([{ accessKey: ACCESS_KEY, secretKey: SECRET, rights: EVERYTHING }]),
  clockSkewMs: 0,
  signingKeys: new SigningKeyCache(),
  allowsV2: true,
  now: () => new Date(0),
};
const POLICY = Buffer.from('{"expiration":"2015-12-30T12:00:00.000Z"}').toString("base64");
const scope = { date: "20151229", region: "us-east-1", service: "s3" };
const V4 = {
  policy: POLICY,
  "x-amz-algorithm": "AWS4-HMAC-SHA256",
  "x-amz-credential": `${ACCESS_KEY}/20151229/us-east-1/s3/aws4_request`,
  "x-amz-date": "20151229T000000Z",
  "x-amz-signature": sign(deriveSigningKey(SECRET, scope), POLICY),
};
const V2 = { policy: POLICY, awsaccesskeyid: ACCESS_KEY, signature: signV2(SECRET, POLICY) };

const signerOf = (fields: Record<string, string>, how = authentication) =>
  formSigner(new Map(Object.entries(fields)), how)?.accessKey;

describe("formSigner", () => {
  it("is who signed the policy, in either version", () => {
    assert.equal(signerOf(V4), ACCESS_KEY);
    assert.equal(signerOf(V2), ACCESS_KEY);
  });

  it("computes the signature that the S3 API reference gives for its example policy", () => {
    const published =
      "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    const signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";
    assert.equal(signerOf({ ...V4, policy: published, "x-amz-signature": signature }), ACCESS_KEY);
  });

  it("is nobody where there is neither policy nor signature", () => {
    assert.equal(signerOf({ key: "a" }), undefined);
  });

  it("refuses another policy, another signature and an unknown key", () => {
    const wrong = { code: "auth.signature-mismatch" };
    assert.throws(() => signerOf({ ...V4, policy: `${POLICY}A` }), wrong);
    assert.throws(() => signerOf({ ...V2, policy: `${POLICY}A` }), wrong);
    assert.throws(() => signerOf({ ...V4, "x-amz-signature": "0".repeat(64) }), wrong);
    assert.throws(() => signerOf({ ...V2, signature: "AAAA" }), wrong);
    const credential = V4["x-amz-credential"].replace(ACCESS_KEY, "nobody");
    const unknown = { code: "auth.unknown-key" };
    assert.throws(() => signerOf({ ...V4, "x-amz-credential": credential }), unknown);
    assert.throws(() => signerOf({ ...V2, awsaccesskeyid: "nobody" }), unknown);
  });

  it("refuses half a signature, saying what is missing", () => {
    for (const fields of [V4, V2] as Record<string, string>[]) {
      for (const name of Object.keys(fields)) {
        const { [name]: _, ...rest } = fields;
        assert.throws(() => signerOf(rest), { code: "InvalidArgument" }, name);
      }
    }
  });

  it("refuses a credential of another day, service or form", () => {
    for (const credential of [
      `${ACCESS_KEY}/20151230/us-east-1/s3/aws4_request`,
      `${ACCESS_KEY}/20151229/us-east-1/ec2/aws4_request`,
      ACCESS_KEY,
    ]) {
      assert.throws(() => signerOf({ ...V4, "x-amz-credential": credential }), {
        code: "InvalidArgument",
      });
    }
    assert.throws(() => signerOf({ ...V4, "x-amz-date": "2015" }), { code: "InvalidArgument" });
  });

  it("refuses version 2 where it is switched off, and SigV4A always", () => {
    const unsupported = { code: "auth.unsupported" };
    const without = { ...authentication, allowsV2: false };
    assert.throws(() => signerOf(V2, without), unsupported);
    assert.equal(signerOf(V4, without), ACCESS_KEY);
    const v4a = { ...V4, "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256" };
    assert.throws(() => signerOf(v4a), unsupported);
  });

  it("refuses a session that was never given out", () => {
    for (const fields of [V4, V2]) {
      assert.throws(() => signerOf({ ...fields, "x-amz-security-token": "t" }), {
        code: "InvalidToken",
      });
    }
  });
});

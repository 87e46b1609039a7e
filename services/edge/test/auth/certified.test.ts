import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { certified } from "../../src/auth/certified.ts";
import { Credentials } from "../../src/auth/credentials.ts";
import { EVERYTHING } from "../../src/auth/rights.ts";
import { readIncoming } from "../../src/incoming.ts";

const owner = (accessKey: string, dns: string) => ({
  accessKey,
  secretKey: new Secret("s"),
  rights: EVERYTHING,
  certificates: [{ dns }],
});
const SHOWN = { fingerprint256: "AB", subject: "CN=a", subjectAltName: "DNS:a, DNS:b" };
const incoming = (headers: Readonly<Record<string, string>> = {}) => {
  const fields = { host: "gateway", ...headers };
  const rawHeaders = Object.entries(fields).flat();
  return readIncoming({ method: "GET", url: "/bucket/key", rawHeaders } as never);
};
const whoIs = (credentials: Credentials, headers = {}, shown: typeof SHOWN | undefined = SHOWN) =>
  certified(incoming(headers), () => shown, credentials)?.principal.accessKey;

describe("certified", () => {
  it("is the one credential whose certificate is shown", () => {
    assert.equal(whoIs(new Credentials([owner("A", "a"), owner("C", "c")])), "A");
    assert.equal(whoIs(new Credentials([owner("C", "c")])), undefined);
  });

  it("is nobody where it could be two", () => {
    assert.equal(whoIs(new Credentials([owner("A", "a"), owner("B", "b")])), undefined);
  });

  it("is nobody for what a web page sends, and beside a signature of any kind", () => {
    const credentials = new Credentials([owner("A", "a")]);
    for (const headers of [
      { origin: "https://evil" },
      { "sec-fetch-site": "cross-site" },
      { authorization: "Basic x" },
    ]) {
      assert.equal(whoIs(credentials, headers), undefined);
    }
  });

  it("does not look at certificates that no credential goes by", () => {
    const look = () => assert.fail("looked at");
    assert.equal(certified(incoming(), look, new Credentials([])), undefined);
  });
});

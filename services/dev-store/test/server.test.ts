import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { startDevStore } from "../src/main.ts";
import { keptLog, runningStore, signedHeaders } from "./running-store.ts";

/** Writes raw bytes on one connection and returns everything that comes back until it is closed. */
async function talk(endpoint: URL, text: string): Promise<string> {
  const socket = connect(Number(endpoint.port), endpoint.hostname);
  let answer = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    answer += piece;
  });
  socket.write(text, "latin1");
  await once(socket, "close");
  return answer;
}

function rawRequest(line: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

describe("dev-store server", () => {
  it("says loudly that it is a demo store", async () => {
    await using running = await runningStore();
    const loud = running.log.lines.find(({ level }) => level === "warn");
    assert.match(loud?.message ?? "", /DEMO STORE/);
  });

  it("keeps everything over a restart, and lets nobody else into its folder meanwhile", async () => {
    await using running = await runningStore();
    await running.send("PUT", "/photos/k", { body: "kept" });
    await running.store[Symbol.asyncDispose]();
    const credentials = [{ accessKey: "AK", secretKey: new Secret("secret-of-the-test") }];
    const options = { folder: running.folder, host: "127.0.0.1", port: 0, credentials };
    await using again = await startDevStore({ ...options, log: keptLog() });
    assert.equal((await again.readStored("photos", "k")).bytes.toString(), "kept");
  });

  it("refuses anonymous requests, wrong payload hashes and headers it cannot honour", async () => {
    await using running = await runningStore();
    const { send } = running;
    const anonymous = await send("GET", "/photos", { isSigned: false });
    assert.deepEqual([anonymous.status, anonymous.code], [403, "AccessDenied"]);
    const headers = { "x-amz-content-sha256": "0".repeat(64) };
    const wrong = await send("PUT", "/photos/k", { headers, body: "x" });
    assert.equal(wrong.code, "XAmzContentSHA256Mismatch");
    for (const header of [
      "x-amz-server-side-encryption",
      "x-amz-grant-read",
      "x-amz-object-lock-mode",
    ]) {
      const refused = await send("PUT", "/photos/k", { headers: { [header]: "x" }, body: "x" });
      assert.deepEqual([refused.status, refused.code], [501, "NotImplemented"]);
    }
    const acl = await send("PUT", "/photos/k", { headers: { "x-amz-acl": "public-read" } });
    assert.equal(acl.code, "NotImplemented");
    const owner = await send("PUT", "/photos/k", {
      headers: { "x-amz-expected-bucket-owner": "1" },
    });
    assert.equal(owner.code, "AccessDenied");
    assert.equal((await send("GET", "/photos/k")).code, "NoSuchKey");
  });

  it("checks what was promised about a body that no operation reads", async () => {
    await using running = await runningStore();
    const headers = { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const answer = await running.send("DELETE", "/photos/k", { headers, body: "x" });
    assert.equal(answer.code, "BadDigest");
  });

  it("answers before the body where that is enough, and closes the connection", async () => {
    await using running = await runningStore();
    const { endpoint } = running.store;
    const head = { method: "PUT", path: "/no-such-bucket/k" };
    const headers = { ...signedHeaders(endpoint, head), "content-length": "1000000" };
    delete (headers as Record<string, string | undefined>).authorization;
    const sent = `${rawRequest("PUT /no-such-bucket/k", headers)}GET / HTTP/1.1\r\n`;
    const answer = await talk(endpoint, sent);
    assert.match(answer, /^HTTP\/1\.1 403 .*connection: close/is);
    assert.equal(answer.split("HTTP/1.1 ").length, 2);
  });

  it("asks for a body with 100-continue only when it is going to read it", async () => {
    await using running = await runningStore();
    const { endpoint } = running.store;
    const headersOf = (target: string) => ({
      ...signedHeaders(endpoint, { method: "PUT", path: target, body: "x" }),
      expect: "100-continue",
    });
    const refused = await talk(endpoint, rawRequest("PUT /none/k", headersOf("/none/k")));
    assert.match(refused, /^HTTP\/1\.1 404 /);
    const path = "/photos/k";
    const taken = rawRequest(`PUT ${path}`, { ...headersOf(path), connection: "close" });
    assert.match(
      await talk(endpoint, `${taken}x`),
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
    );
  });

  it("ignores an Expect that it does not know", async () => {
    await using running = await runningStore();
    const answer = await running.send("GET", "/photos", { headers: { expect: "something" } });
    assert.equal(answer.status, 200);
  });

  it("refuses a header twice that must come once, and a target that is no path", async () => {
    await using running = await runningStore();
    const { endpoint } = running.store;
    const headers = {
      ...signedHeaders(endpoint, { method: "GET", path: "/" }),
      connection: "close",
    };
    const twice = `${rawRequest("GET /", headers).trimEnd()}\r\nHost: other\r\n\r\n`;
    assert.match(await talk(endpoint, twice), /^HTTP\/1\.1 40[03] /);
    const absolute = await talk(endpoint, rawRequest("GET http://other/", headers));
    assert.match(absolute, /InvalidURI/);
  });

  it("leaves the old object when a client goes away in the middle of a body", async () => {
    await using running = await runningStore();
    const { store, send } = running;
    await send("PUT", "/photos/k", { body: "old" });
    const { endpoint } = store;
    const signed = signedHeaders(endpoint, { method: "PUT", path: "/photos/k", body: "new one" });
    const socket = connect(Number(endpoint.port), endpoint.hostname);
    socket.write(`${rawRequest("PUT /photos/k", signed)}new`);
    socket.end();
    socket.resume();
    await once(socket, "close");
    assert.equal((await send("GET", "/photos/k")).text, "old");
  });
});

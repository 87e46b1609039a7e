import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { issueDataKey } from "@s3eg/shared/contracts/keys.ts";
import { COMPLETE } from "./environment.ts";
import { gatewayOf, NO_KEYS, readinessOf, SPLIT } from "./some-gateway.ts";

const question = { place: { bucket: "b", key: "k" }, suite: 1, flags: 0 } as const;

describe("roles in one process", () => {
  it("start together, and answer probes on the S3 port", async () => {
    const backend = createHttpServer((_asked, response) => response.end("")).listen(0, "127.0.0.1");
    await once(backend, "listening");
    await using _ = { [Symbol.asyncDispose]: async () => void backend.close() };
    const at = backend.address() as AddressInfo;
    const env = { ...COMPLETE, BACKEND_ENDPOINT: `http://127.0.0.1:${at.port}` };
    await using gateway = await gatewayOf([], env);
    for (const path of ["/live", "/ready", "/metrics"]) {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`);
      assert.equal(answer.status, 200, path);
    }
    assert.ok(gateway.log.lines.includes("started"));
    const { checks } = await readinessOf(`127.0.0.1:${gateway.port}`);
    assert.deepEqual(checks, { backend: "ok", kms: "ok", "multipart-state": "ok" });
  });

  it("stop: nothing listens and nothing is answered any more", async () => {
    const gateway = await gatewayOf([], COMPLETE);
    await using _ = gateway;
    await gateway.stop();
    await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/live`));
    const asked = gateway.bus.request(issueDataKey, question, { requestId: "r" });
    await assert.rejects(asked, { code: "bus.unavailable" });
  });
});

describe("roles in processes of their own", () => {
  it("keys answers, without an S3 port, clients or a backend", async () => {
    // No backend, half a credential and a policy that is not there: none of its business.
    const backend = { BACKEND_ENDPOINT: "", BACKEND_ACCESS_KEY: "", BACKEND_SECRET_KEY: "" };
    const others = { GW_CRED_0_SECRET_KEY: "", POLICIES: "/nowhere/*.yaml" };
    await using gateway = await gatewayOf(["keys"], { ...SPLIT, ...backend, ...others });
    assert.equal(gateway.port, undefined);
    const answer = await gateway.bus.request(issueDataKey, question, { requestId: "r" });
    assert.ok("plain" in answer);
  });

  it("do not start without the secrets that they trust each other by", async () => {
    for (const [role, missing] of [
      ["edge", "SERVICE_SECRET"],
      ["crypto", "SERVICE_SECRET"],
      ["crypto", "KEYS_SECRET"],
      ["keys", "KEYS_SECRET"],
    ] as const) {
      const keys = role === "keys" ? {} : NO_KEYS;
      const started = gatewayOf([role], { ...SPLIT, ...keys, [missing]: "" });
      await assert.rejects(started, { code: "config.invalid", message: new RegExp(missing) });
    }
  });
});

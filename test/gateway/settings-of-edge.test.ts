import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gatewayBeside } from "./gateway-beside.ts";
import { plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

const BODY = plaintextOf(1000);
const BOUND = "id: bound\nbuckets: [renamed]\nbind_as: original\n";

let gateway: RunningGateway;
before(async () => {
  gateway = await runningGateway({
    env: {
      ETAG_POLICY: "md5",
      CHECKSUM_POLICY: "always",
      AUTH_CLOCK_SKEW_TOLERANCE: "1m",
    },
    policies: [BOUND],
  });
});
after(() => gateway[Symbol.asyncDispose]());

describe("settings of edge", () => {
  it("objects.etag and objects.checksum hold where no policy says otherwise", async () => {
    const path = pathOf(BUCKET, "k");
    const { headers } = await gateway.client.send("PUT", path, { body: BODY });
    assert.match(headers.etag ?? "", /^"[0-9a-f]{32}"$/);
    const asked = { headers: { "x-amz-checksum-mode": "ENABLED" } };
    const head = await gateway.client.send("HEAD", path, asked);
    assert.ok(head.headers["x-amz-checksum-crc64nvme"]);
  });

  it("auth.clock_skew_tolerance is how far a clock may be off, and no further", async () => {
    const at = (seconds: number) => new Date(Date.now() - seconds * 1000);
    const answer = async (seconds: number) =>
      await gateway.client.send("GET", `/${BUCKET}`, { now: at(seconds) });
    assert.equal((await answer(50)).status, 200);
    assert.equal((await answer(70)).code, "RequestTimeTooSkewed");
  });

  it("backend.probe_bucket is where the backend is tried at start, and nothing is left in it", async () => {
    await gateway.behind.send("PUT", "/probed");
    await using beside = await gatewayBeside(gateway, { BACKEND_PROBE_BUCKET: "probed" });
    const line = beside.lines.find((text) => text.includes("backend probed")) ?? "{}";
    const { bucket, createOnly } = JSON.parse(line) as { bucket: string; createOnly: boolean };
    assert.deepEqual([bucket, createOnly], ["probed", true]);
    assert.doesNotMatch((await gateway.behind.send("GET", "/probed")).text, /<Key>/);
  });

  it("policy bind_as binds envelopes to another name: what moves there opens there", async () => {
    for (const bucket of ["renamed", "original", "third"]) {
      await gateway.behind.send("PUT", `/${bucket}`);
    }
    await gateway.client.send("PUT", "/renamed/k", { body: BODY });
    assert.ok((await gateway.client.send("GET", "/renamed/k")).bytes.equals(BODY));
    const headers = { "x-amz-copy-source": "/renamed/k" };
    for (const bucket of ["original", "third"]) {
      await gateway.behind.send("PUT", `/${bucket}/k`, { headers });
    }
    assert.ok((await gateway.client.send("GET", "/original/k")).bytes.equals(BODY));
    assert.equal((await gateway.client.send("GET", "/third/k")).status, 500);
  });
});

describe("tls", () => {
  it("serves with the certificate of the files, and takes no plain HTTP", async () => {
    const folder = mkdtempSync(join(tmpdir(), "s3eg-tls-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", cert];
    execFileSync("openssl", made, { stdio: "ignore" });
    const env = { TLS_ENABLED: "true", TLS_CERT_FILE: cert, TLS_KEY_FILE: key };
    await using secure = await runningGateway({ env });
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const asked = { host: "127.0.0.1", port: secure.port, path: "/live", ca: readFileSync(cert) };
    request(asked, ({ statusCode }) => resolve(statusCode))
      .on("error", reject)
      .end();
    assert.equal(await promise, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${secure.port}/live`));
    rmSync(folder, { recursive: true });
  });
});

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { measurePort } from "../src/port-metrics.ts";
import { runningEdge } from "./running-edge.ts";

/** Good until 2111319014, in seconds since 1970. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIUMz1G+Gw4harQGkzllxddjK89EoEwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAeFw0yNjExMjkxMzMwMTRaFw0zNjExMjYxMzMwMTRaMAwx
CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARipKnuFFMai+nH
tAtX/k/hbce2F78QmKort/1h0L/woTu5HHaK5N59/Dg7LuibKBygrAS/AkudpjQe
ELujmf/7o1MwUTAdBgNVHQ4EFgQURyHyWbnGVN/n/3hw3C/7f2QE2UowHwYDVR0j
BBgwFoAURyHyWbnGVN/n/3hw3C/7f2QE2UowDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiA+8n2yTNB2DDNJmpuh792mjLWiYNPGD8Cq++jYuvmHzQIh
AKPo04tkUtu0b8nCtYJPOk+lHVKkvfXOWIljzSFh2HLm
-----END CERTIFICATE-----`;

describe("measurePort", () => {
  it("counts the connections that are open", async () => {
    await using edge = await runningEdge();
    const isAt = async (count: number) =>
      (await edge.metrics.text()).includes(`active_connections ${count}\n`);
    assert.ok(await isAt(0));
    const clients = [await edge.connect(), await edge.connect()];
    for (let tries = 0; !(await isAt(2)); tries++) {
      assert.ok(tries < 200, "both are counted");
      await sleep(10);
    }
    for (const client of clients) client[Symbol.dispose]();
    for (let tries = 0; !(await isAt(0)); tries++) {
      assert.ok(tries < 200, "none is counted any more");
      await sleep(10);
    }
  });

  it("tells when the certificate ends", async () => {
    const metrics = createMetrics();
    measurePort(createServer(), { metrics, certificate: CERTIFICATE });
    const line = 'gateway_tls_cert_expiry_seconds{role="data_plane"} 2111319014';
    assert.ok((await metrics.text()).includes(`${line}\n`));
  });
});

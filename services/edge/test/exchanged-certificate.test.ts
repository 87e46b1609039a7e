import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { secureOptions } from "@s3eg/shared/runtime/server-certificate.ts";
import { exchangeCertificate } from "../src/exchanged-certificate.ts";
import { madeCertificate } from "./some-certificates.ts";

describe("exchangeCertificate", () => {
  const [one, other] = [madeCertificate("one"), madeCertificate("other")];
  const rulesWith = ({ cert, key }: { cert: string; key: string }) =>
    ({ certificate: { cert, key } }) as Parameters<typeof exchangeCertificate>[1]["after"];

  it("shows the new one to new connections, and tells how long it is good", async () => {
    await using server = createTlsServer(secureOptions(one)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const shown = async () => {
      const client = connect({ port: address.port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(client, "secureConnect");
      const { fingerprint256 } = client.getPeerCertificate();
      client.destroy();
      return fingerprint256;
    };
    const metrics = createMetrics();
    const [before, after] = [rulesWith(one), rulesWith(other)];
    exchangeCertificate(server, { before, after: before, metrics });
    assert.equal(await shown(), one.x509.fingerprint256);
    exchangeCertificate(server, { before, after, metrics });
    assert.equal(await shown(), other.x509.fingerprint256);
    const ends = other.x509.validToDate.getTime() / 1000;
    const text = await metrics.text();
    assert.ok(text.includes(`gateway_tls_cert_expiry_seconds{role="data_plane"} ${ends}\n`));
  });

  it("leaves a port without TLS alone", async () => {
    const metrics = createMetrics();
    const rules = { before: rulesWith(one), after: rulesWith(other), metrics };
    exchangeCertificate(createServer(), rules);
    assert.doesNotMatch(await metrics.text(), /cert_expiry/);
  });
});

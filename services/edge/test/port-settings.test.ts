import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { edgeSettings } from "../src/config.ts";
import { portSettings } from "../src/port-settings.ts";

const given = (value: unknown) => ({ config: z.strictObject(edgeSettings).parse(value) });

describe("portSettings", () => {
  it("watches bodies also where no timeout is set", () => {
    const settings = portSettings(given({}));
    assert.equal(settings.readIdleMs, 60_000);
    assert.equal(settings.writeIdleMs, 60_000);
    assert.equal(settings.certificate, undefined);
    assert.equal(settings.isHttps, false);
  });

  it("tells clients to come by HTTPS where a proxy ends it", () => {
    assert.equal(portSettings(given({ server: { force_https: true } })).isHttps, true);
  });

  it("takes timeouts as they are given", () => {
    const server = {
      read_timeout: "5s",
      write_timeout: "7s",
      idle_timeout: "1m",
      max_header_bytes: 9000,
    };
    const settings = portSettings(given({ server }));
    assert.equal(settings.readIdleMs, 5000);
    assert.equal(settings.writeIdleMs, 7000);
    assert.equal(settings.keepAliveMs, 60_000);
    assert.equal(settings.maxHeaderBytes, 9000);
  });

  it("has the certificate that it is given, and then tells clients to come by HTTPS", () => {
    const tls = { enabled: true, cert_file: "cert", key_file: "key" };
    const certificate = { cert: "C", key: "K" };
    const settings = portSettings({ ...given({ tls }), certificate });
    assert.deepEqual(settings.certificate, certificate);
    assert.equal(settings.isHttps, true);
  });
});

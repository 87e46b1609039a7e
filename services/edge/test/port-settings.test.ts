import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { edgeSettings } from "../src/config.ts";
import { portSettings } from "../src/port-settings.ts";

const parse = (value: unknown) => z.strictObject(edgeSettings).parse(value);

describe("portSettings", () => {
  it("watches bodies also where no timeout is set", () => {
    const settings = portSettings(parse({}));
    assert.equal(settings.readIdleMs, 60_000);
    assert.equal(settings.writeIdleMs, 60_000);
    assert.equal(settings.tls, undefined);
    assert.equal(settings.isHttps, false);
  });

  it("tells clients to come by HTTPS where a proxy ends it", () => {
    assert.equal(portSettings(parse({ server: { force_https: true } })).isHttps, true);
  });

  it("takes timeouts as they are given", () => {
    const server = {
      read_timeout: "5s",
      write_timeout: "7s",
      idle_timeout: "1m",
      max_header_bytes: 9000,
    };
    const settings = portSettings(parse({ server }));
    assert.equal(settings.readIdleMs, 5000);
    assert.equal(settings.writeIdleMs, 7000);
    assert.equal(settings.keepAliveMs, 60_000);
    assert.equal(settings.maxHeaderBytes, 9000);
  });

  it("reads certificate and key", () => {
    const folder = mkdtempSync(join(tmpdir(), "port-"));
    try {
      const [cert_file, key_file] = [join(folder, "cert"), join(folder, "key")];
      writeFileSync(cert_file, "C");
      writeFileSync(key_file, "K");
      const settings = portSettings(parse({ tls: { enabled: true, cert_file, key_file } }));
      assert.deepEqual(settings.tls, { cert: "C", key: "K" });
      assert.equal(settings.isHttps, true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { startFilesOf, watchedPathsOf, writtenConfig } from "../../src/reload/configured-files.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

describe("watchedPathsOf", () => {
  it("are the configuration, credentials, every file that a setting names, and the globs of policies", () => {
    const env = {
      ...COMPLETE,
      AUTH_CREDENTIALS_FILE: "/etc/credentials",
      TLS_CERT_FILE: "/etc/cert",
      SERVICE_SECRET_FILE: "/etc/secret",
      POLICIES: "/etc/policies/*.yaml",
    };
    const { files, globs } = watchedPathsOf(readGatewayConfig([], env).config, env);
    assert.deepEqual([...files].sort(), [
      "/etc/cert",
      "/etc/credentials",
      "/etc/secret",
      "config.yaml",
    ]);
    assert.deepEqual(globs, ["/etc/policies/*.yaml"]);
  });
});

describe("startFilesOf", () => {
  it("tells whose file has changed that is read at the start alone", async () => {
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.folder, name);
    for (const name of ["cert", "secret"]) writeFileSync(at(name), "1");
    const env = { ...COMPLETE, TLS_CERT_FILE: at("cert"), SERVICE_SECRET_FILE: at("secret") };
    const changed = startFilesOf(readGatewayConfig([], env).config);
    assert.deepEqual(changed(), []);
    for (const name of ["cert", "secret"]) writeFileSync(at(name), "22");
    assert.deepEqual(changed(), ["service.secret_file"]);
  });
});

describe("writtenConfig", () => {
  it("refuses a configuration that is gone or empty, once it was written", async () => {
    await using scratch = await scratchFolder();
    const path = join(scratch.folder, "config.yaml");
    const check = writtenConfig({ CONFIG_PATH: path });
    check();
    writeFileSync(path, "log_level: info\n");
    check();
    writeFileSync(path, "\n");
    assert.throws(check, { code: "config.invalid" });
    rmSync(path);
    assert.throws(check, { code: "config.invalid" });
    writeFileSync(path, "log_level: warn\n");
    check();
  });
});

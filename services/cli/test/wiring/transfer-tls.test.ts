import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { transferTlsOf } from "../../src/wiring/transfer-tls.ts";
import { COMPLETE } from "../environment.ts";

const tlsOf = async (env: Record<string, string>) =>
  await transferTlsOf(readGatewayConfig([], { ...COMPLETE, ...env }).config.service);

describe("TLS between edge and crypto", () => {
  it("is made of the files that are named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "s3eg-tls-"));
    const names = { CA: "ca.pem", CERT: "cert.pem", KEY: "key.pem" };
    const env = Object.entries(names).map(([variable, name]) => {
      writeFileSync(join(folder, name), name);
      return [`SERVICE_TLS_${variable}_FILE`, join(folder, name)] as const;
    });
    try {
      const tls = await tlsOf({ ...Object.fromEntries(env), SERVICE_TLS_SERVER_NAME: "crypto" });
      assert.deepEqual([tls?.ca, tls?.cert, tls?.key].map(String), Object.values(names));
      assert.equal(tls?.serverName, "crypto");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is off without files, and refused with some of them or with one that is not there", async () => {
    assert.equal(await tlsOf({}), undefined);
    const some = tlsOf({ SERVICE_TLS_CA_FILE: "/ca.pem" });
    await assert.rejects(some, (error) => {
      assert.ok(error instanceof Fault && error.code === "config.invalid");
      return /ca_file, cert_file and key_file/.test(JSON.stringify(error.details) + error.message);
    });
    const files = { CA: "/none/ca", CERT: "/none/cert", KEY: "/none/key" };
    const env = Object.entries(files).map(
      ([name, file]) => [`SERVICE_TLS_${name}_FILE`, file] as const,
    );
    await assert.rejects(tlsOf(Object.fromEntries(env)), {
      code: "config.invalid",
      message: /service\.tls\.ca_file: \/none\/ca can't be read \(ENOENT\)/,
    });
  });
});

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { MultipartStateSection } from "../../src/multipart-state/config.ts";
import {
  openMultipartState,
  valkeySettingsOf,
} from "../../src/multipart-state/configured-state.ts";
import { anUpload, faultOf } from "./state-contract.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "s3eg-configured-"));
});
after(() => rmSync(folder, { recursive: true }));

type Input = Parameters<typeof MultipartStateSection.parse>[0];

function parts(place: "valkey" | "embedded", config: Input = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return {
    place,
    config: MultipartStateSection.parse(config),
    env: {},
    dataDir: join(folder, place),
    stateKey: new Secret(new Uint8Array(32)),
    log: createLog({ service: "crypto", level: "info", destination }),
    metrics: createMetrics(),
    lines,
  };
}

describe("openMultipartState", () => {
  it("opens embedded state under DATA_DIR, measured", async () => {
    const given = parts("embedded");
    await using state = await openMultipartState(given);
    await state.create(anUpload());
    assert.deepEqual(await state.find(anUpload()), anUpload());
    assert.equal(existsSync(join(given.dataDir, "multipart-state.sqlite")), true);
    const text = await given.metrics.text();
    assert.match(text, /gateway_mpu_state_encrypted_writes_total\{op="Create"\} 1/);
    assert.doesNotMatch(text, /gateway_mpu_valkey/);
  });

  it("counts what it reads that an earlier setting left unsealed", async () => {
    const place = (valkey: object) => ({ ...parts("embedded", { valkey }), dataDir: clearFolder });
    const clearFolder = join(folder, "clear");
    const former = await openMultipartState(place({ encrypt_state: false }));
    await former.create(anUpload());
    await former[Symbol.asyncDispose]();
    const given = place({ allow_legacy_plaintext_state: true });
    await using state = await openMultipartState(given);
    assert.deepEqual(await state.find(anUpload()), anUpload());
    assert.match(await given.metrics.text(), /^gateway_mpu_state_legacy_reads_total 1$/m);
  });

  it("opens a Valkey that is not there: out of reach until it is, and plaintext is told", async () => {
    const given = parts("valkey", {
      valkey: {
        addr: "127.0.0.1:1",
        tls: { enabled: false },
        insecure_allow_plaintext: true,
      },
    });
    await using state = await openMultipartState(given);
    await assert.rejects(state.create(anUpload()), faultOf("state.unavailable"));
    const text = await given.metrics.text();
    assert.match(text, /gateway_mpu_valkey_insecure 1/);
    assert.match(text, /gateway_mpu_valkey_up 0/);
    assert.match(given.lines.join(""), /connection to Valkey is plaintext/);
  });
});

describe("valkeySettingsOf", () => {
  const settings = (valkey: object, env = {}) =>
    valkeySettingsOf(MultipartStateSection.parse({ valkey }).valkey, env);

  it("reads passwords from the variables that are named, and prints none", async () => {
    const read = await settings(
      {
        addr: "a:1, [::1]:2",
        mode: "sentinel",
        username: "gateway",
        password_env: "ONE",
        sentinel: { master: "state", password_env: "TWO" },
      },
      { ONE: "first", TWO: "second" },
    );
    assert.deepEqual(read.addresses, [
      { host: "a", port: 1 },
      { host: "::1", port: 2 },
    ]);
    assert.equal(read.user.password?.reveal(), "first");
    assert.equal(read.sentinel?.user.password?.reveal(), "second");
    assert.equal(read.sentinel?.master, "state");
    assert.equal(read.commandTimeoutMs, 2000);
    assert.doesNotMatch(JSON.stringify(read), /first|second/);
    const invalid = faultOf("config.invalid");
    await assert.rejects(settings({ addr: "a:1", password_env: "NONE" }), invalid);
  });

  it("reads certificates, and refuses files that are not there", async () => {
    for (const name of ["ca", "cert", "key"]) writeFileSync(join(folder, name), `${name} PEM`);
    const file = (name: string) => join(folder, name);
    const tls = { ca_file: file("ca"), cert_file: file("cert"), key_file: file("key") };
    assert.deepEqual((await settings({ addr: "a:1", tls })).tls, {
      ca: Buffer.from("ca PEM"),
      cert: Buffer.from("cert PEM"),
      key: Buffer.from("key PEM"),
      minVersion: "TLSv1.3",
      verifies: true,
    });
    const lax = { min_version: "1.2", insecure_skip_verify: true };
    const read = await settings({ addr: "a:1", tls: lax });
    assert.deepEqual([read.tls?.minVersion, read.tls?.verifies], ["TLSv1.2", false]);
    const missing = settings({ addr: "a:1", tls: { ca_file: file("none") } });
    await assert.rejects(missing, faultOf("config.invalid"));
  });
});

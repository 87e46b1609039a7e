import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  certificatesOf,
  readServerCertificate,
  secureOptions,
} from "../../src/runtime/server-certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "certificate-"));
after(() => rmSync(folder, { recursive: true }));

function made(name: string, ...more: string[]) {
  const [cert_file, key_file] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const out = ["-keyout", key_file, "-out", cert_file, "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", "-x509", ...kind, ...out, ...more], { stdio: "ignore" });
  return { cert_file, key_file };
}

describe("readServerCertificate", () => {
  const one = made("one");
  const other = made("other");
  const leaf = made("leaf", "-addext", "basicConstraints=critical,CA:FALSE");
  const garbage = join(folder, "garbage");
  writeFileSync(garbage, "no PEM");

  it("gives what the files hold", () => {
    const { cert, clientCa } = readServerCertificate(
      { ...one, client_ca_file: other.cert_file },
      "tls",
    );
    assert.equal(certificatesOf(cert)[0]?.subject, "CN=one");
    assert.equal(certificatesOf(`${cert}${clientCa}`).length, 2);
  });

  for (const [what, files, problem] of [
    ["a file that is not there", { ...one, key_file: "/no/key" }, /^tls\.key_file: .*ENOENT/],
    ["no file at all", { key_file: one.key_file }, /^tls\.cert_file/],
    ["the key of another certificate", { ...one, key_file: other.key_file }, /can't be used/],
    ["what is no certificate", { ...one, cert_file: garbage }, /can't be used/],
    ["authorities that are none", { ...one, client_ca_file: garbage }, /^tls\.client_ca_file/],
    ["who may certify nobody", { ...one, client_ca_file: leaf.cert_file }, /^tls\.client_ca_file/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readServerCertificate(files, "tls"), {
        code: "config.invalid",
        message: problem,
      });
    });
  }
});

describe("secureOptions", () => {
  it("ask for certificates where somebody vouches for clients, and let nobody resume what was verified by others", () => {
    const plain = secureOptions({ cert: "c", key: "k" });
    assert.deepEqual(plain, { cert: "c", key: "k", minVersion: "TLSv1.2" });
    const asking = secureOptions({ cert: "c", key: "k", clientCa: "a" });
    assert.equal(asking.requestCert, true);
    assert.equal(asking.rejectUnauthorized, false);
    assert.ok(asking.secureOptions);
  });
});

/** Certificates for tests, made with openssl. */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts, and what Node makes of the certificate. */
export interface Made {
  readonly cert: string;
  readonly key: string;
  readonly x509: X509Certificate;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an authority, or whom `by` certifies. */
export function madeCertificate(name: string, by?: Made): Made {
  const folder = mkdtempSync(join(tmpdir(), "edge-certificate-"));
  const at = (file: string) => join(folder, file);
  const run = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  try {
    const subject = ["-keyout", at("key"), "-subj", `/CN=${name}`];
    if (by) {
      writeFileSync(at("ca"), by.cert);
      writeFileSync(at("ca-key"), by.key);
      run("req", ...EC, ...subject, "-out", at("csr"));
      const signing = ["-CA", at("ca"), "-CAkey", at("ca-key"), "-CAcreateserial"];
      run("x509", "-req", "-in", at("csr"), ...signing, "-out", at("cert"));
    } else run("req", "-x509", ...EC, ...subject, "-out", at("cert"));
    const cert = readFileSync(at("cert"), "utf8");
    return { cert, key: readFileSync(at("key"), "utf8"), x509: new X509Certificate(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

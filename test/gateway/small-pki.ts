/** Certificates for tests, made with openssl: authorities, and whom they certify. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key: where they lie, and as PEM. */
export interface Made {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const run = (args: readonly string[]) => execFileSync("openssl", args, { stdio: "ignore" });

function filesOf(folder: string, name: string): Pick<Made, "certFile" | "keyFile"> {
  return { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
}

function made(files: Pick<Made, "certFile" | "keyFile">): Made {
  const [cert, key] = [readFileSync(files.certFile, "utf8"), readFileSync(files.keyFile, "utf8")];
  return { ...files, cert, key };
}

/** An authority. */
export function makeAuthority(folder: string, name: string): Made {
  const files = filesOf(folder, name);
  const out = ["-keyout", files.keyFile, "-out", files.certFile];
  run(["req", "-x509", ...EC, ...out, "-subj", `/CN=${name}`]);
  return made(files);
}

/** Whom it certifies; `subject` as openssl takes it, `names` alternative names. */
export function certify(
  authority: Made,
  folder: string,
  { name, subject = `/CN=${name}`, names }: { name: string; subject?: string; names: string },
): Made {
  const files = filesOf(folder, name);
  const [request, rules] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  run(["req", ...EC, "-keyout", files.keyFile, "-out", request, "-subj", subject]);
  writeFileSync(rules, `basicConstraints=CA:FALSE\nsubjectAltName=${names}\n`);
  const signing = ["-CA", authority.certFile, "-CAkey", authority.keyFile, "-CAcreateserial"];
  run(["x509", "-req", "-in", request, ...signing, "-extfile", rules, "-out", files.certFile]);
  return made(files);
}

/** A certificate authority for one test, made with openssl: a server on loopback and one client. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "./child.ts";

/** PEM files. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** The files of the authority, and of whom it certified. */
export interface TestPki {
  readonly ca: string;
  readonly server: Certified;
  readonly client: Certified;
  /** Another server on loopback. */
  serverNamed(name: string): Promise<Certified>;
  /** Server and client in one, for this host alone. */
  peerNamed(name: string, host: string): Promise<Certified>;
  /** What a client shows and checks, read from the files. */
  clientOptions(): Promise<{ ca: string; cert: string; key: string }>;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes them in `folder`. */
export async function makeTestPki(folder: string): Promise<TestPki> {
  const ca = join(folder, "ca.crt");
  const caKey = join(folder, "ca.key");
  const run = (args: string[]) => runToEnd({ program: "openssl", args });
  await run(["req", "-x509", ...EC, "-keyout", caKey, "-out", ca, "-subj", "/CN=test-ca"]);
  const certify = async (name: string, extensions: string): Promise<Certified> => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    const [request, rules] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
    await run(["req", ...EC, "-keyout", key, "-out", request, "-subj", `/CN=${name}`]);
    await writeFile(rules, `basicConstraints=CA:FALSE\n${extensions}\n`);
    const signing = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-extfile", rules];
    await run(["x509", "-req", "-in", request, ...signing, "-out", cert]);
    return { cert, key };
  };
  const onLoopback = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1";
  const server = await certify("server", onLoopback);
  const client = await certify("client", "extendedKeyUsage=clientAuth");
  return {
    ca,
    server,
    client,
    serverNamed: (name) => certify(name, onLoopback),
    peerNamed: (name, host) =>
      certify(name, `extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:${host}`),
    async clientOptions() {
      const [caText, cert, key] = await Promise.all(
        [ca, client.cert, client.key].map((file) => readFile(file, "utf8")),
      );
      return { ca: caText ?? "", cert: cert ?? "", key: key ?? "" };
    },
  };
}

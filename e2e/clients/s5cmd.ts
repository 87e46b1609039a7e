/** s5cmd: parallel transfers by the AWS SDK for Go. */
import { findProgram } from "../servers/place.ts";
import type { MatrixClient } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const s5cmd: MatrixClient = {
  name: "s5cmd",
  async open(site) {
    const { server, caFile, bucket } = site;
    const program = findProgram("s5cmd", "s5cmd");
    const env = {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_REGION: server.region,
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile }),
    };
    const run = (...args: string[]) =>
      runTool(program, ["--endpoint-url", server.endpoint, "--retry-count", "0", ...args], { env });
    const url = (key: string) => `s3://${bucket}/${key}`;
    // --raw: stars and question marks of a key are no wildcards.
    const verbs: Verbs = {
      upload: (file, key) => run("cp", "--raw", file, url(key)),
      download: (key, file) => run("cp", "--raw", url(key), file),
      async list(prefix) {
        const lines = (await run("--json", "ls", url(`${prefix}*`))).trim().split("\n");
        const items = lines.map((line) => JSON.parse(line) as { key: string; size?: number });
        return new Map(items.map(({ key, size = 0 }) => [key.slice(url("").length), size]));
      },
      copy: (from, to) => run("cp", "--raw", url(from), url(to)),
      remove: (key) => run("rm", "--raw", url(key)),
      neverPresigned: {
        keys: /[*?[]/,
        why: "s5cmd takes * and ? for wildcards, and signs no such key",
      },
      presign: async (key) => (await run("presign", "--expire", "10m", url(key))).trim(),
      sync: {
        up: (folder, prefix) => run("sync", "--delete", `${folder}/`, `${url(prefix)}/`),
        down: (prefix, folder) => run("sync", "--delete", url(`${prefix}/*`), `${folder}/`),
      },
    };
    const version = (await run("version")).trim();
    return {
      version,
      operations: operationsOf(site, verbs),
      remarks: remarksOf(verbs),
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

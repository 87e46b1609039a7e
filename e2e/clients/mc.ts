/** mc, MinIO's command line. */
import { join } from "node:path";
import { findProgram } from "../servers/place.ts";
import type { MatrixClient } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const mc: MatrixClient = {
  name: "mc",
  async open(site) {
    const { server, caFile, bucket, folder } = site;
    const program = findProgram("mc", "mc");
    const keys = `${server.accessKey}:${server.secretKey}@`;
    const env = {
      MC_CONFIG_DIR: join(folder, "mc"),
      MC_HOST_gw: server.endpoint.replace("://", `://${keys}`),
      ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
    };
    const run = (...args: string[]) => runTool(program, ["--quiet", ...args], { env });
    const at = (key: string) => `gw/${bucket}/${key}`;
    const operations = operationsOf(site, {
      upload: (file, key) => run("cp", file, at(key)),
      download: (key, file) => run("cp", at(key), file),
      async list(prefix) {
        const lines = (await run("--json", "ls", "--recursive", at(prefix))).trim().split("\n");
        const items = lines.map((line) => JSON.parse(line) as { key: string; size: number });
        return new Map(items.map(({ key, size }) => [`${prefix}${key}`, size]));
      },
      copy: (from, to) => run("cp", at(from), at(to)),
      remove: (key) => run("rm", at(key)),
      async presign(key) {
        const printed = await run("--json", "share", "download", "--expire", "10m", at(key));
        return (JSON.parse(printed) as { share: string }).share;
      },
      sync: {
        up: (from, prefix) => run("mirror", "--overwrite", "--remove", from, at(prefix)),
        down: (prefix, to) => run("mirror", "--overwrite", "--remove", at(prefix), to),
      },
    });
    const version = (await run("--version")).split(" ")[2] ?? "";
    return { version, operations, [Symbol.asyncDispose]: async () => {} };
  },
};

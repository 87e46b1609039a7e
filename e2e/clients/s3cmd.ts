/** s3cmd: Signature Version 4 in headers, version 2 in the URLs it signs. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "../servers/place.ts";
import type { MatrixClient, Site } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const s3cmd: MatrixClient = {
  name: "s3cmd",
  async open(site) {
    const program = findProgram("s3cmd", "s3cmd");
    const config = await writeConfig(site);
    const run = (...args: string[]) => runTool(program, ["-c", config, "--no-progress", ...args]);
    const url = (key: string) => `s3://${site.bucket}/${key}`;
    const operations = operationsOf(site, {
      upload: (file, key) => run("put", file, url(key)),
      download: (key, file) => run("get", "--force", url(key), file),
      async list(prefix) {
        const lines = (await run("ls", "--recursive", url(prefix))).split("\n");
        const rows = lines.flatMap((line) => [...line.matchAll(/^\S+ \S+ +(\d+) +(s3:.*)$/g)]);
        return new Map(rows.map(([, size, at = ""]) => [at.slice(url("").length), Number(size)]));
      },
      copy: (from, to) => run("cp", url(from), url(to)),
      remove: (key) => run("del", url(key)),
      presign: async (key) => (await run("signurl", url(key), "+600")).trim(),
      sync: {
        up: (folder, prefix) => run("sync", "--delete-removed", `${folder}/`, `${url(prefix)}/`),
        down: (prefix, folder) => run("sync", "--delete-removed", `${url(prefix)}/`, `${folder}/`),
      },
    });
    const version = (await runTool(program, ["--version"])).replace("s3cmd version", "").trim();
    return { version, operations, [Symbol.asyncDispose]: async () => {} };
  },
};

async function writeConfig({ server, caFile, folder }: Site): Promise<string> {
  const { host, protocol } = new URL(server.endpoint);
  const isTls = protocol === "https:";
  const file = join(folder, "s3cmd.cfg");
  const lines = [
    "[default]",
    `access_key = ${server.accessKey}`,
    `secret_key = ${server.secretKey}`,
    `bucket_location = ${server.region}`,
    `host_base = ${host}`,
    // Without the bucket in it, so that it goes into the path.
    `host_bucket = ${host}`,
    `use_https = ${isTls ? "True" : "False"}`,
    `signurl_use_https = ${isTls ? "True" : "False"}`,
    "max_retries = 1",
    ...(caFile === undefined ? [] : [`ca_certs_file = ${caFile}`]),
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

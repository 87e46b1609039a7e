/** The aws command line: `aws s3`. */
import { findProgram } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import type { MatrixClient } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const awsCli: MatrixClient = {
  name: "aws cli",
  async open(site) {
    const { server, caFile, bucket } = site;
    const program = findProgram("aws", "aws");
    const trust = caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile };
    const env = { ...awsEnvOf(server), AWS_CONFIG_FILE: "/dev/null", ...trust };
    const s3 = (...args: string[]) =>
      runTool(program, ["--endpoint-url", server.endpoint, "s3", ...args], { env });
    const url = (key: string) => `s3://${bucket}/${key}`;
    const quiet = ["--only-show-errors"];
    const operations = operationsOf(site, {
      upload: (file, key) => s3("cp", ...quiet, file, url(key)),
      download: (key, file) => s3("cp", ...quiet, url(key), file),
      async list(prefix) {
        const lines = (await s3("ls", "--recursive", url(prefix))).split("\n");
        const rows = lines.flatMap((line) => [...line.matchAll(/^\S+ \S+ +(\d+) (.*)$/g)]);
        return new Map(rows.map(([, size, key = ""]) => [key, Number(size)]));
      },
      copy: (from, to) => s3("cp", ...quiet, url(from), url(to)),
      remove: (key) => s3("rm", ...quiet, url(key)),
      presign: async (key) => (await s3("presign", url(key))).trim(),
      sync: {
        up: (folder, prefix) => s3("sync", ...quiet, "--delete", folder, url(prefix)),
        down: (prefix, folder) => s3("sync", ...quiet, "--delete", url(prefix), folder),
      },
    });
    const version = (await runTool(program, ["--version"], { env })).split(" ")[0] ?? "";
    return {
      version: version.replace("aws-cli/", ""),
      operations,
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

/** As whom it works, with none of the user's own credentials and no request tried twice; `AWS_CONFIG_FILE` is still to set. */
export function awsEnvOf(server: S3Server): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
    AWS_DEFAULT_REGION: server.region,
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_MAX_ATTEMPTS: "1",
  };
}

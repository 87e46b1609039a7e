/** rclone with its S3 backend. */
import { findProgram } from "../servers/place.ts";
import type { MatrixClient } from "./matrix/operations.ts";
import { runTool } from "./matrix/tool.ts";
import { operationsOf } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const rclone: MatrixClient = {
  name: "rclone",
  async open(site) {
    const { server, caFile, bucket } = site;
    const program = findProgram("rclone", "rclone");
    const env = {
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CONFIG_GW_TYPE: "s3",
      RCLONE_CONFIG_GW_PROVIDER: "Other",
      RCLONE_CONFIG_GW_ENDPOINT: server.endpoint,
      RCLONE_CONFIG_GW_REGION: server.region,
      RCLONE_CONFIG_GW_ACCESS_KEY_ID: server.accessKey,
      RCLONE_CONFIG_GW_SECRET_ACCESS_KEY: server.secretKey,
      RCLONE_RETRIES: "1",
      RCLONE_LOW_LEVEL_RETRIES: "1",
      // Larger ones go up in parts.
      RCLONE_S3_UPLOAD_CUTOFF: "16Mi",
      ...(caFile === undefined ? {} : { RCLONE_CA_CERT: caFile }),
    };
    const run = (...args: string[]) => runTool(program, args, { env });
    const at = (key: string) => `gw:${bucket}/${key}`;
    const operations = operationsOf(site, {
      upload: (file, key) => run("copyto", file, at(key)),
      download: (key, file) => run("copyto", at(key), file),
      async list(prefix) {
        const printed = await run("lsjson", "--recursive", "--files-only", at(prefix));
        const items = JSON.parse(printed) as { Path: string; Size: number }[];
        return new Map(items.map(({ Path, Size }) => [`${prefix}${Path}`, Size]));
      },
      copy: (from, to) => run("copyto", at(from), at(to)),
      remove: (key) => run("deletefile", at(key)),
      presign: async (key) => (await run("link", "--expire", "10m", at(key))).trim(),
      sync: {
        up: (folder, prefix) => run("sync", folder, at(prefix)),
        down: (prefix, folder) => run("sync", at(prefix), folder),
      },
    });
    const version = (await run("version")).split("\n")[0]?.replace("rclone ", "") ?? "";
    return { version, operations, [Symbol.asyncDispose]: async () => {} };
  },
};

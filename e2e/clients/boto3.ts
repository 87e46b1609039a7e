/** boto3 with its transfer manager, in one Python process that is told verb by verb. */
import { join } from "node:path";
import { findProgram } from "../servers/place.ts";
import { awsEnvOf } from "./aws-cli.ts";
import type { MatrixClient, Site } from "./matrix/operations.ts";
import { startToldProcess, type ToldProcess } from "./matrix/told-process.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const boto3: MatrixClient = {
  name: "boto3",
  async open(site) {
    const python = startBoto3(site);
    const verbs: Verbs = {
      upload: (file, key) => python.ask("upload", file, key),
      download: (key, file) => python.ask("download", key, file),
      list: async (prefix) => new Map((await python.ask("list", prefix)) as [string, number][]),
      copy: (from, to) => python.ask("copy", from, to),
      remove: (key) => python.ask("remove", key),
      presign: async (key) => String(await python.ask("presign", "GET", key)),
      presignUpload: async (key) => String(await python.ask("presign", "PUT", key)),
    };
    return {
      version: String(await python.ask("version")),
      operations: operationsOf(site, verbs),
      remarks: remarksOf(verbs),
      [Symbol.asyncDispose]: () => python[Symbol.asyncDispose](),
    };
  },
};

/** Starts the Python process; its verbs are listed in boto3-verbs.py. */
export function startBoto3({
  server,
  caFile,
  bucket,
}: Pick<Site, "server" | "caFile" | "bucket">): ToldProcess {
  const script = join(import.meta.dirname, "boto3-verbs.py");
  return startToldProcess({
    program: findProgram("python3", "python"),
    args: [script, server.endpoint, bucket],
    env: {
      ...awsEnvOf(server),
      AWS_CONFIG_FILE: "/dev/null",
      ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile }),
    },
  });
}

/** boto3 with its transfer manager, in one Python process that is told verb by verb. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram } from "../servers/place.ts";
import type { MatrixClient, Site } from "./matrix/operations.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const boto3: MatrixClient = {
  name: "boto3",
  async open(site) {
    const python = startPython(site);
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
      [Symbol.asyncDispose]: () => python.end(),
    };
  },
};

interface Python {
  ask(verb: string, ...args: readonly string[]): Promise<unknown>;
  end(): Promise<void>;
}

function startPython({ server, caFile, bucket }: Site): Python {
  const { PATH = "", HOME = "/" } = process.env;
  const script = join(import.meta.dirname, "boto3-verbs.py");
  const child = spawn(findProgram("python3", "python"), [script, server.endpoint, bucket], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH,
      HOME,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_DEFAULT_REGION: server.region,
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile }),
    },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  return {
    async ask(...question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`boto3-verbs.py ended at ${question.join(" ")}`);
      const { result, error } = JSON.parse(value) as { result?: unknown; error?: string };
      if (error !== undefined) throw new Error(`boto3 ${question.join(" ")}: ${error}`);
      return result;
    },
    async end() {
      // It ends with its input.
      child.stdin.end();
      await exited;
    },
  };
}

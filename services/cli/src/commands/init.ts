/** `s3eg init`: a first configuration to start from, with a KEK and a client's credentials made up for it alone. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Env } from "../gateway-config.ts";
import { EXIT, ToolFailure, toolArguments } from "../tool-arguments.ts";

const USAGE = "usage: s3eg init [--dir DIR] [--endpoint URL] [--region REGION]";
const ENDPOINT = "https://s3.example.com";
const CLIENT_SECRET = "CLIENT_SECRET_KEY";
const ACCESS_KEY_BYTES = 10;
const SECRET_BYTES = 30;
const KEK_BYTES = 32;

/** Text for the terminal: what was written, and what to do next. Nothing that is there already is touched: then it writes nothing at all. */
export async function init(args: readonly string[], env: Env): Promise<string> {
  const { operands, options } = toolArguments(args, env, {
    named: ["dir", "endpoint", "region"],
    usage: USAGE,
  });
  if (operands.length > 0) throw new ToolFailure(EXIT.usage, USAGE);
  const folder = resolve(options.dir ?? ".");
  const at = (name: string) => join(folder, name);
  const made = {
    accessKey: randomBytes(ACCESS_KEY_BYTES).toString("hex").toUpperCase(),
    endpoint: options.endpoint ?? ENDPOINT,
    region: options.region ?? "us-east-1",
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = {
    [at("kek-1.key")]: `${randomBytes(KEK_BYTES).toString("base64")}\n`,
    [at("secrets.env")]: secretsText(randomBytes(SECRET_BYTES).toString("base64url")),
    [at("config.yaml")]: configText(folder, made),
  };
  for (const path of Object.keys(files)) await refuseIfThere(path);
  for (const [path, text] of Object.entries(files)) {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
  }
  return `${at("config.yaml")}: the configuration
${at("kek-1.key")}: the key-encryption key. Keep a copy of it elsewhere: without it no object can be opened
${at("secrets.env")}: secrets; put the backend's credentials there

next:
  set -a; . ${at("secrets.env")}; set +a
  CONFIG_PATH=${at("config.yaml")} s3eg check-config
  CONFIG_PATH=${at("config.yaml")} s3eg doctor --bucket BUCKET
  CONFIG_PATH=${at("config.yaml")} s3eg serve
clients: access key ${made.accessKey}, its secret is ${CLIENT_SECRET} in secrets.env
`;
}

async function refuseIfThere(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new ToolFailure(EXIT.failed, `${path} is there already: nothing was written`);
}

function secretsText(clientSecret: string): string {
  return `# Secrets of the gateway, for its environment. Not for version control.
BACKEND_ACCESS_KEY=
BACKEND_SECRET_KEY=
${CLIENT_SECRET}=${clientSecret}
`;
}

function configText(
  folder: string,
  { accessKey, endpoint, region }: { accessKey: string; endpoint: string; region: string },
): string {
  const at = (name: string) => JSON.stringify(join(folder, name));
  return `# A first configuration. Every setting: docs/configuration.md, and for editors the schema that
# \`s3eg check-config --schema\` prints. Credentials of the backend and the client's secret come from secrets.env.
listen_addr: "127.0.0.1:8080"
data_dir: ${at("data")}
backend:
  endpoint: ${JSON.stringify(endpoint)}
  region: ${JSON.stringify(region)}
encryption:
  key_manager:
    enabled: true
    provider: self_contained
    self_contained:
      type: aes
      aes:
        active_version: 1
        keys:
          - version: 1
            key_source: ${JSON.stringify(`file:${join(folder, "kek-1.key")}`)}
auth:
  credentials:
    - access_key: ${accessKey}
      secret_key_env: ${CLIENT_SECRET}
      label: first
metrics:
  addr: "127.0.0.1:9090"
audit:
  enabled: true
  sink:
    type: file
    file_path: ${at("audit.log")}
`;
}

/** A gateway with three versions of its KEK, and the command line beside it on the same settings and DATA_DIR. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keys } from "../../services/cli/src/commands/keys.ts";
import { type RewrapOptions, rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { decodeHeader } from "../../shared/src/format/header.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";

/** The gateway and its operator. */
export interface RotatingGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** `s3eg keys …` */
  keys(...args: readonly string[]): Promise<string>;
  /** `s3eg rewrap …` on the bucket. */
  rewrap(args?: readonly string[], options?: RewrapOptions): Promise<string>;
  /** The key version that an object's header names, as it lies on the store. */
  versionOf(path: string): Promise<number>;
}

/** More settings. */
type Settings = Readonly<Record<string, string>>;

/** Starts it on version 1, with `more` settings; the command line may have others. */
export async function rotatingGateway(
  more: Settings = {},
  ofCommands: Settings = more,
): Promise<RotatingGateway> {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-rotating-"));
  const kekOf = () => randomBytes(32).toString("base64");
  const settings = {
    DATA_DIR: folder,
    SELF_CONTAINED_AES_KEYS: "1=env:KEK,2=env:KEK2,3=env:KEK3",
    SELF_CONTAINED_AES_ACTIVE_VERSION: "1",
    ...{ KEK: kekOf(), KEK2: kekOf(), KEK3: kekOf() },
  };
  const gateway = await runningGateway({ env: { ...settings, ...more } });
  const env = { ...gateway.settings, ...settings, ...ofCommands };
  const silent = { progress: () => undefined };
  return {
    gateway,
    keys: async (...args) => await keys(args, env),
    rewrap: async (args = [], options = {}) =>
      await rewrap([...args, BUCKET], env, { ...silent, ...options }),
    versionOf: async (path) => {
      const { headers } = await gateway.behind.send("HEAD", path);
      return decodeHeader(String(headers["x-amz-meta-s3eg"])).keyVersion;
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

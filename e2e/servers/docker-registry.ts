/** A container registry (Debian's docker-registry) that keeps its layers in S3. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersHttp, type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Server, takeDown } from "./s3-server.ts";

/** A running registry. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as it begins the name of an image. */
  readonly host: string;
  /** The last lines that it logged. */
  logTail(): string;
}

/** How a registry uses its bucket. */
export interface RegistryOptions {
  readonly store: S3Server;
  /** The bucket, which must be there. */
  readonly bucket: string;
  /** More settings of its S3 driver. */
  readonly driver?: Readonly<Record<string, unknown>>;
}

/** Starts a registry that asks nobody for a password. */
export async function startDockerRegistry(options: RegistryOptions): Promise<DockerRegistry> {
  const program = findProgram("docker-registry", "registry");
  const scratch = await makeScratch("registry");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const file = join(scratch.folder, "config.yaml");
    await writeFile(file, JSON.stringify(configOf(options, host)));
    const env = { HOME: scratch.folder };
    children.push(await startChild({ program, args: ["serve", file], env }));
    await untilReady("docker-registry", children, {
      probe: () => answersHttp(`http://${host}/v2/`, 200),
    });
    return {
      host,
      logTail: () => children.map((child) => child.logTail()).join("\n"),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

/** Its configuration; JSON is YAML. */
function configOf({ store, bucket, driver }: RegistryOptions, host: string): object {
  return {
    version: "0.1",
    log: { level: "warn" },
    storage: {
      s3: {
        accesskey: store.accessKey,
        secretkey: store.secretKey,
        region: store.region,
        regionendpoint: store.endpoint,
        bucket,
        secure: store.endpoint.startsWith("https:"),
        rootdirectory: "/registry",
        ...driver,
      },
      delete: { enabled: true },
      // Every layer passes through the registry: a client that was sent to the store would be sent to the gateway's address.
      redirect: { disable: true },
    },
    http: { addr: host, secret: "registry-secret" },
  };
}

/** The image of deploy/Dockerfile, built by buildah on a stand-in for its base, as a container of podman with runc. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { buildImage, openPodman, type Podman, type Sources } from "../containers/podman.ts";
import { backendEnv } from "../gateway-settings.ts";
import { answersHttp, runToEnd, untilReady } from "../servers/child.ts";
import { findProgram, freePort, makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const IMAGE = "localhost/s3eg-image-test:one";
const MAIN = "/app/services/cli/src/main.ts";
const MEMORY = 512 * 1024 * 1024;
const DRAIN_SECONDS = 30;
const USER = { accessKey: "IMAGETESTACCESS00001", secretKey: "image-test-secret-0123456789" };

/** As strict as a container can be run; what it gets beside the image is a folder for /tmp. */
const HARDENED = [
  ...["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--network", "host"],
  ...["--security-opt", "no-new-privileges", "--memory", String(MEMORY), "--pids-limit", "128"],
];
/** Nothing to start but node: where the shells of the base are, is an empty file. */
const NO_SHELL = ["/usr/bin/dash", "/usr/bin/bash"].flatMap((shell) => [
  ...["-v", `/dev/null:${shell}:ro`],
]);

describe("the image, built on a stand-in for its base made of Debian packages and npm's Node", () => {
  const things = new AsyncDisposableStack();
  let podman: Podman;
  let backend: S3Server;
  let sources: Sources;

  before(async () => {
    podman = await openPodman();
    backend = things.use(await startVersitygw());
    sources = await sourcesOfHead(things.use(await makeScratch("image")).folder);
    await buildImage(podman, IMAGE, { sources });
  });
  after(() => things.disposeAsync());

  const inspect = async (image: string, format: string) =>
    (await podman.run(["image", "inspect", "--format", format, image])).trim();

  /** Starts a container with these arguments of the image, and waits until it is ready. */
  const startContainer = async (
    name: string,
    args: readonly string[],
    more: readonly string[] = [],
  ): Promise<{ endpoint: string; metrics: string }> => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const env = {
      LISTEN_ADDR: `127.0.0.1:${port}`,
      METRICS_ADDR: `127.0.0.1:${metricsPort}`,
      ...backendEnv(backend),
      GW_ACCESS_KEY_1: USER.accessKey,
      GW_SECRET_KEY_1: USER.secretKey,
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "self_contained",
      SELF_CONTAINED_TYPE: "aes",
      SELF_CONTAINED_AES_KEYS: "1=env:KEK",
      KEK: randomBytes(32).toString("base64"),
    };
    const variables = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const run = await podman.start([
      ...["run", "--rm", "--name", name, ...HARDENED, ...more, ...variables],
      ...[IMAGE, ...args],
    ]);
    things.defer(async () => {
      await podman.run(["rm", "--force", "--ignore", "--time", "1", name]);
      await run.stop();
    });
    const metrics = `http://127.0.0.1:${metricsPort}`;
    await untilReady(name, [run], { probe: () => answersHttp(`${metrics}/readyz`, 200) });
    ended.set(name, run.exited);
    return { endpoint: `http://127.0.0.1:${port}`, metrics };
  };
  const ended = new Map<string, Promise<number | string>>();

  it("has no findings of hadolint", async () => {
    const file = `${import.meta.dirname}/../../deploy/Dockerfile`;
    await runToEnd({ program: findProgram("hadolint", "lints"), args: [file] });
  });

  it("has the same layers and settings when the commit is built again, without any cache", async () => {
    const again = "localhost/s3eg-image-test:two";
    await buildImage(podman, again, { sources });
    // Not its id: in Docker's format buildah writes into an image which container it was made in.
    for (const facts of ["{{json .RootFS.Layers}}", "{{json .Config}}", "{{json .Created}}"]) {
      assert.deepEqual(
        JSON.parse(await inspect(again, facts)),
        JSON.parse(await inspect(IMAGE, facts)),
      );
    }
  });

  it("says who it runs as, what it is, and how it is checked", async (t) => {
    assert.equal(await inspect(IMAGE, "{{.Config.User}}"), "10001:10001");
    assert.match(await inspect(IMAGE, "{{json .Config.Labels}}"), /image.revision/);
    assert.match(await inspect(IMAGE, "{{json .Config.Healthcheck}}"), /"health","--live"/);
    const mib = async (image: string) => Number(await inspect(image, "{{.Size}}")) / 1024 ** 2;
    const base = await mib("localhost/stand-in-for-node:24-slim");
    const whole = await mib(IMAGE);
    t.diagnostic(`${whole.toFixed(0)} MiB, ${(whole - base).toFixed(0)} of them above the base`);
    assert.ok(whole - base < 200, `${whole - base} MiB above the base`);
  });

  it("plays all roles: sealed PUT and GET on a real backend, with no shell, no capability and a root that cannot be written", async () => {
    const { endpoint } = await startContainer("s3eg-all", [], NO_SHELL);
    const s3 = s3ClientOf({ ...backend, ...USER, endpoint });
    using _closing = { [Symbol.dispose]: () => s3.destroy() };
    const where = { Bucket: "from-a-container", Key: "k" };
    const Body = randomBytes(3_000_000);
    await s3.send(new CreateBucketCommand({ Bucket: where.Bucket }));
    await s3.send(new PutObjectCommand({ ...where, Body }));
    const got = await s3.send(new GetObjectCommand(where));
    assert.ok(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body));
    const behind = s3ClientOf(backend);
    using _closingToo = { [Symbol.dispose]: () => behind.destroy() };
    const stored = await behind.send(new GetObjectCommand(where));
    const bytes = Buffer.from((await stored.Body?.transformToByteArray()) ?? []);
    assert.ok(bytes.length > Body.length && !bytes.includes(Body.subarray(0, 32)));
  });

  it("is confined, seen from inside", async () => {
    const program = `
      const fs = require("node:fs");
      const status = fs.readFileSync("/proc/1/status", "utf8");
      const field = (name) => new RegExp("^" + name + ":\\\\s+(\\\\S+)", "m").exec(status)[1];
      const write = (path) => { try { fs.writeFileSync(path, ""); return "written"; } catch (error) { return error.code; } };
      const names = ["Uid", "Gid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp"];
      console.log(JSON.stringify({ ...Object.fromEntries(names.map((name) => [name, field(name)])),
        app: write("/app/x"), etc: write("/etc/x"), data: write("/data/x"), tmp: write("/tmp/x") }));`;
    const none = "0000000000000000";
    assert.deepEqual(JSON.parse(await podman.run(["exec", "s3eg-all", "node", "-e", program])), {
      ...{ Uid: "10001", Gid: "10001", CapEff: none, CapBnd: none, NoNewPrivs: "1", Seccomp: "2" },
      ...{ app: "EROFS", etc: "EROFS", data: "written", tmp: "written" },
    });
    await assert.rejects(podman.run(["exec", "s3eg-all", "/bin/sh", "-c", "true"]));
    const limit = await podman.run(["inspect", "--format", "{{.HostConfig.Memory}}", "s3eg-all"]);
    assert.equal(Number(limit), MEMORY);
  });

  it("knows by its own command how it is", async () => {
    assert.equal(await podman.run(["exec", "s3eg-all", "node", MAIN, "health"]), "ok\n");
    await podman.run(["healthcheck", "run", "s3eg-all"]);
  });

  it("ends with 0 on SIGTERM, within the time for draining", async () => {
    await podman.run(["stop", "--time", String(DRAIN_SECONDS), "s3eg-all"]);
    // podman would have killed it after that time, and 137 would be the code.
    assert.equal(await ended.get("s3eg-all"), 0);
  });

  it("plays the roles that its arguments name", async () => {
    await startContainer("s3eg-some", ["serve", "edge", "crypto", "keys"]);
    const logs = await podman.run(["logs", "s3eg-some"]);
    assert.match(logs, /"roles":\["edge","crypto","keys"\]/);
    const refused = podman.run(["run", "--rm", ...HARDENED, IMAGE, "serve", "postman"]);
    await assert.rejects(refused, /ended with 78[\s\S]*unknown role postman/);
  });
});

/** What is under version control, as it was last committed. */
async function sourcesOfHead(context: string): Promise<Sources> {
  const cwd = `${import.meta.dirname}/../..`;
  const git = (args: readonly string[]) => runToEnd({ program: "git", args, cwd });
  const revision = (await git(["rev-parse", "--short", "HEAD"])).trim();
  const archive = `${context}/sources.tar`;
  await git(["archive", "--output", archive, revision]);
  await runToEnd({ program: "tar", args: ["-x", "-C", context, "-f", archive] });
  return { context, revision };
}

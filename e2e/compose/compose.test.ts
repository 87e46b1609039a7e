/**
 * docker-compose.yml itself, started by Compose through podman's Docker socket (podman 4.3 with runc: not dockerd). The gateway's image is
 * deploy/Dockerfile on a stand-in for its base, the others are stand-ins made of packages (stand-ins.Dockerfile).
 */
import assert from "node:assert/strict";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildImage, keepCheckingHealth, openPodman, type Podman } from "../containers/podman.ts";
import { runToEnd } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import { type ComposeProject, makeProject } from "./project.ts";

const MAKE_STAND_INS = join(import.meta.dirname, "make-stand-ins.sh");
const GATEWAY = ["edge-1", "crypto-1", "crypto-2", "keys-1", "audit-1", "admin-1"];
const STAND_INS = { nats: "nats", valkey: "valkey", backend: "rustfs", demo: "aws-cli" };
const HEALTHY_MS = 180_000;

describe("docker-compose.yml on podman's Docker socket, with stand-ins for the images that it pulls", () => {
  const things = new AsyncDisposableStack();
  let podman: Podman;
  let project: ComposeProject;
  let host: string;

  before(async () => {
    findProgram("nats-server", "nats");
    findProgram("versitygw", "versitygw");
    podman = await openPodman();
    project = things.use(await makeProject());
    const services = await project.services();
    await buildImage(podman, services.edge?.image ?? "", { options: ["--layers"] });
    const targets = Object.entries(STAND_INS).map(
      ([service, target]) => `${target}=${services[service]?.image}`,
    );
    const args = [podman.store, ...targets];
    await runToEnd({ program: MAKE_STAND_INS, args, inheritsEnv: true });
    const socket = join(project.folder, "docker.sock");
    host = `unix://${socket}`;
    things.use(await podman.start(["system", "service", "--time=0", host]));
    things.use(keepCheckingHealth(podman));
    things.defer(async () => {
      await compose(["down", "-v", "--timeout", "5"]);
    });
  });
  after(() => things.disposeAsync());

  const compose = (args: readonly string[]) => project.compose(args, host);
  const container = (name: string) => `${project.name}-${name}`;
  const stateOf = async (name: string, field: string) =>
    (await podman.run(["inspect", "--format", `{{.State.${field}}}`, container(name)])).trim();
  const untilHealthy = async (names: readonly string[]) => {
    const deadline = Date.now() + HEALTHY_MS;
    for (const name of names) {
      while ((await stateOf(name, "Health.Status")) !== "healthy") {
        if (Date.now() > deadline)
          assert.fail(`${name}: ${await compose(["logs", "--tail", "20"])}`);
        await sleep(500);
      }
    }
  };
  const demo = () => compose(["run", "--rm", "--no-deps", "demo"]);

  it("starts, and every service of the gateway becomes healthy", async () => {
    await compose(["up", "-d"]);
    await untilHealthy(GATEWAY);
  });

  it("lets the demo client put an object and get it back, of which the backend has no word", async () => {
    assert.match(await demo(), /the same bytes came back/);
    const stored = await compose(["exec", "-T", "backend", "cat", "/data/demo/hello.txt"]);
    assert.ok(stored.length > 64 && !stored.includes("hello from the demo"));
  });

  it("runs the gateway as nobody in particular, without capabilities, on a root that cannot be written", async () => {
    const facts = `
      const fs = require("node:fs");
      const status = fs.readFileSync("/proc/1/status", "utf8");
      const field = (name) => new RegExp("^" + name + ":\\\\s+(\\\\S+)", "m").exec(status)[1];
      let root = "can be written";
      try { fs.writeFileSync("/app/x", ""); } catch (error) { root = error.code; }
      console.log([field("Uid"), field("CapEff"), field("CapBnd"), field("NoNewPrivs"), root].join(" "));`;
    for (const name of GATEWAY) {
      const said = await podman.run(["exec", container(name), "node", "-e", facts]);
      assert.equal(said.trim(), "10001 0000000000000000 0000000000000000 1 EROFS", name);
      const limit = await podman.run([
        "inspect",
        "--format",
        "{{.HostConfig.Memory}}",
        container(name),
      ]);
      assert.equal(Number(limit), 512 * 1024 * 1024, name);
    }
  });

  it("answers operators on the admin port by TLS of the services' authority, with the token that was made", async () => {
    const [, token = ""] = (await project.secret("admin.env")).trim().split(/=(.*)/s);
    const ca = await project.secret("ca.pem");
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = {
        host: "127.0.0.1",
        port: project.ports.admin,
        path: "/admin/services",
        ca,
        headers,
      };
      request(options, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    assert.equal(status, 200);
  });

  it("serves while one crypto is killed, and with it again", async () => {
    await podman.run(["kill", "--signal", "KILL", container("crypto-1")]);
    assert.match(await demo(), /the same bytes came back/);
    await podman.run(["start", container("crypto-1")]);
    await untilHealthy(["crypto-1"]);
    assert.match(await demo(), /the same bytes came back/);
  });

  it("keeps what it had over a stop and a start of everything", async () => {
    await compose(["stop", "--timeout", "30"]);
    for (const name of GATEWAY) assert.equal(await stateOf(name, "ExitCode"), "0", name);
    await compose(["start"]);
    await untilHealthy(GATEWAY);
    const back = await compose([
      ...["run", "--rm", "--no-deps", "demo"],
      "aws --endpoint-url http://edge:8080 s3 cp s3://demo/hello.txt -",
    ]);
    assert.match(back, /hello from the demo/);
  });
});

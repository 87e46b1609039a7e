/** docker-compose.yml itself, without any profile but the demo's, on podman and stand-ins (site.ts). */
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, it } from "node:test";
import { type ComposeSite, GATEWAY, openSite } from "./site.ts";

describe("docker-compose.yml on podman's Docker socket, with stand-ins for the images that it pulls", () => {
  let site: ComposeSite;
  before(async () => {
    site = await openSite();
  });
  after(() => site?.[Symbol.asyncDispose]());

  it("starts, and every service of the gateway becomes healthy", async () => {
    await site.compose(["up", "-d"]);
    await site.untilHealthy(GATEWAY);
  });

  it("lets the demo client put an object and get it back, of which the backend has no word", async () => {
    assert.match(await site.demo(), /the same bytes came back/);
    const stored = await site.compose(["exec", "-T", "backend", "cat", "/data/demo/hello.txt"]);
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
      const said = await site.podman.run(["exec", site.container(name), "node", "-e", facts]);
      assert.equal(said.trim(), "10001 0000000000000000 0000000000000000 1 EROFS", name);
      const limit = await site.podman.run([
        "inspect",
        "--format",
        "{{.HostConfig.Memory}}",
        site.container(name),
      ]);
      assert.equal(Number(limit), 512 * 1024 * 1024, name);
    }
  });

  it("answers operators on the admin port by TLS of the services' authority, with the token that was made", async () => {
    const [, token = ""] = (await site.project.secret("admin.env")).trim().split(/=(.*)/s);
    const ca = await site.project.secret("ca.pem");
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = {
        host: "127.0.0.1",
        port: site.project.ports.admin,
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
    await site.podman.run(["kill", "--signal", "KILL", site.container("crypto-1")]);
    assert.match(await site.demo(), /the same bytes came back/);
    await site.podman.run(["start", site.container("crypto-1")]);
    await site.untilHealthy(["crypto-1"]);
    assert.match(await site.demo(), /the same bytes came back/);
  });

  it("keeps what it had over a stop and a start of everything", async () => {
    await site.compose(["stop", "--timeout", "30"]);
    for (const name of GATEWAY) assert.equal(await site.stateOf(name, "ExitCode"), "0", name);
    await site.compose(["start"]);
    await site.untilHealthy(GATEWAY);
    const back = await site.compose([
      ...["run", "--rm", "--no-deps", "demo"],
      "aws --endpoint-url http://edge:8080 s3 cp s3://demo/hello.txt -",
    ]);
    assert.match(back, /hello from the demo/);
  });
});

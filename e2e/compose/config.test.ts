/** docker-compose.yml as Compose reads it, and as dclint does. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runToEnd } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import { type ComposeProject, makeProject, PROFILES } from "./project.ts";

/** Rules of taste: the file is in the order in which it is understood, and quotes as the other YAML here. */
const NOT_RULES = [
  "service-keys-order",
  "services-alphabetical-order",
  "service-dependencies-alphabetical-order",
  "top-level-properties-order",
  "require-quotes-in-ports",
];

describe("docker-compose.yml", () => {
  let project: ComposeProject;
  before(async () => {
    project = await makeProject();
  });
  after(() => project[Symbol.asyncDispose]());

  for (const profiles of [[], ...PROFILES.map((profile) => [profile]), PROFILES]) {
    it(`is read by Compose with profiles: ${profiles.join(", ") || "none"}`, async () => {
      const chosen = profiles.flatMap((profile) => ["--profile", profile]);
      assert.equal(await project.compose([...chosen, "config", "-q"]), "");
    });
  }

  it("is refused with a key that Compose does not know", async () => {
    const broken = join(project.folder, "broken.yml");
    await writeFile(broken, "services: { edge: { read_onyl: true } }\n");
    const files = ["-f", "docker-compose.yml", "-f", "broken.yml"];
    await assert.rejects(project.compose([...files, "config", "-q"]), /read_onyl/);
  });

  it("passes dclint", async () => {
    const off = NOT_RULES.flatMap((rule) => ["--disable-rule", rule]);
    const args = [join(project.folder, "docker-compose.yml"), "--max-warnings", "0", ...off];
    await runToEnd({ program: findProgram("dclint", "dclint"), args });
  });

  it("names every image with a version, and no secret", async () => {
    const services = Object.entries(await project.services());
    assert.ok(services.length >= 12, `${services.length}`);
    const untold = services.filter(
      ([, { image }]) => !/:[^:/]+$/.test(image) || /:latest$/.test(image),
    );
    assert.deepEqual(untold, []);
    const text = await project.compose(["config", "--no-interpolate", "--no-env-resolution"]);
    for (const name of ["service.env", "keys-secret.env", "kek.env", "admin.env", "valkey.env"]) {
      const [, value = ""] = (await project.secret(name)).trim().split(/=(.*)/s);
      assert.ok(value.length >= 16 && !text.includes(value), name);
    }
  });

  // Of what is cut from base64, one in ten reads as base64 of less.
  it("has secrets of one length, whatever was drawn", async () => {
    const files = ["service", "keys-secret", "kek", "admin", "valkey", "client", "backend"];
    for (const name of files) {
      const text = await project.secret(`${name}.env`);
      const secrets = [...text.matchAll(/(?:SECRET|PASSWORD|TOKEN|KEK)\w*=(.*)/g)];
      assert.ok(secrets.length > 0, name);
      for (const [, secret = ""] of secrets) assert.match(secret, /^[0-9a-f]{64}$/, name);
    }
  });
});

import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseEnv } from "node:util";
import { checkConfig } from "../../src/commands/check-config.ts";
import { init } from "../../src/commands/init.ts";
import { scratchFolder } from "../environment.ts";

const FILES = ["config.yaml", "kek-1.key", "secrets.env"];

describe("s3eg init", () => {
  it("writes a configuration that is good once the backend's credentials are there", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "new");
    const said = await init(["--dir", folder, "--endpoint", "http://127.0.0.1:9"], {});
    assert.deepEqual((await readdir(folder)).sort(), FILES);
    const secrets = parseEnv(await readFile(join(folder, "secrets.env"), "utf8"));
    const backend = { BACKEND_ACCESS_KEY: "AK", BACKEND_SECRET_KEY: "SK" };
    const env = { CONFIG_PATH: join(folder, "config.yaml"), ...secrets, ...backend };
    assert.match(
      await checkConfig(["edge", "crypto", "keys", "audit"], env),
      /^configuration is good/,
    );
    assert.match(said, /CONFIG_PATH=.*config\.yaml s3eg serve/);
  });

  it("keeps secrets out of what it says and of the configuration, and files to their owner", async () => {
    await using scratch = await scratchFolder();
    const said = await init(["--dir", scratch.folder], {});
    const kek = (await readFile(join(scratch.folder, "kek-1.key"), "utf8")).trim();
    const { CLIENT_SECRET_KEY: secret = "" } = parseEnv(
      await readFile(join(scratch.folder, "secrets.env"), "utf8"),
    );
    const config = await readFile(join(scratch.folder, "config.yaml"), "utf8");
    assert.equal(Buffer.from(kek, "base64").byteLength, 32);
    assert.ok(secret.length >= 40);
    for (const text of [said, config]) assert.ok(!text.includes(kek) && !text.includes(secret));
    for (const name of FILES) {
      assert.equal((await stat(join(scratch.folder, name))).mode & 0o777, 0o600, name);
    }
  });

  it("makes up another key each time, and overwrites none", async () => {
    await using one = await scratchFolder();
    await using other = await scratchFolder();
    const kekOf = async (folder: string) => await readFile(join(folder, "kek-1.key"), "utf8");
    for (const { folder } of [one, other]) await init(["--dir", folder], {});
    const kek = await kekOf(one.folder);
    assert.notEqual(kek, await kekOf(other.folder));
    await writeFile(join(one.folder, "config.yaml"), "mine: true\n");
    await rm(join(one.folder, "secrets.env"));
    await assert.rejects(init(["--dir", one.folder], {}), { exitCode: 1, message: /kek-1\.key/ });
    assert.deepEqual((await readdir(one.folder)).sort(), ["config.yaml", "kek-1.key"]);
    assert.equal(await kekOf(one.folder), kek);
    assert.equal(await readFile(join(one.folder, "config.yaml"), "utf8"), "mine: true\n");
  });

  it("takes no operands", async () => {
    await assert.rejects(init(["here"], {}), { exitCode: 2 });
  });
});

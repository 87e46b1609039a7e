import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { fileToken, inlineToken } from "../src/token.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

describe("inlineToken", () => {
  it("admits the token under the Bearer scheme and nothing else", async () => {
    const keeper = inlineToken(new Secret(TOKEN));
    assert.equal(await keeper.admits(`Bearer ${TOKEN}`), true);
    assert.equal(await keeper.admits(`bearer ${TOKEN}`), true);
    for (const wrong of [
      "",
      TOKEN,
      "Bearer",
      "Bearer ",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      `Bearer  ${TOKEN}`,
    ]) {
      assert.equal(await keeper.admits(wrong), false, wrong);
    }
  });

  for (const [what, token, isStrong] of [
    ["32 characters", "not-hex-and-not-base64-at-all-ok", true],
    ["31 characters", "not-hex-and-not-base64-at-all-o", false],
    ["32 bytes in hex", "ab".repeat(32), true],
    ["16 bytes in hex, though of 32 characters", "ab".repeat(16), false],
    ["32 bytes in base64", Buffer.alloc(32, 7).toString("base64"), true],
    ["24 bytes in base64, though of 32 characters", Buffer.alloc(24, 7).toString("base64"), false],
    ["nothing", "", false],
  ] as const) {
    it(`${isStrong ? "takes" : "refuses"} a token of ${what}`, () => {
      if (isStrong) inlineToken(new Secret(token));
      else {
        assert.throws(
          () => inlineToken(new Secret(token)),
          (error) => isFault(error, "config.invalid"),
        );
      }
    });
  }
});

describe("fileToken", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "admin-token-"));
  });
  after(() => rm(folder, { recursive: true }));

  const file = async (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    await writeFile(path, text, { mode });
    await chmod(path, mode);
    return path;
  };
  const lines: string[] = [];
  const log = createLog({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(line) },
  });

  it("takes a new token within 30 seconds, and keeps the old one when the file goes bad", async () => {
    let ms = 0;
    const path = await file("token", `${TOKEN}\n`);
    const keeper = await fileToken(path, log, () => ms);
    assert.equal(await keeper.admits(`Bearer ${TOKEN}`), true);
    await file("token", `new-${TOKEN}\n`);
    ms = 29_999;
    assert.equal(await keeper.admits(`Bearer new-${TOKEN}`), false);
    ms = 30_000;
    assert.equal(await keeper.admits(`Bearer new-${TOKEN}`), true);
    assert.equal(await keeper.admits(`Bearer ${TOKEN}`), false);
    await chmod(path, 0o644);
    ms = 60_000;
    assert.equal(await keeper.admits(`Bearer new-${TOKEN}`), true);
    assert.match(lines.join(""), /mode 644/);
    assert.doesNotMatch(lines.join(""), new RegExp(TOKEN));
  });

  it("refuses to start with a file others may read, a link, a short token or no file", async () => {
    const open = await file("open", TOKEN, 0o640);
    const short = await file("short", "abc");
    const link = join(folder, "link");
    await symlink(await file("target", TOKEN), link);
    for (const path of [open, short, link, join(folder, "none")]) {
      await assert.rejects(fileToken(path, log), (error) => isFault(error, "config.invalid"), path);
    }
  });
});

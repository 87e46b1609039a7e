import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keys } from "../../src/commands/keys.ts";
import { writeRewrapReport } from "../../src/rewrap-reports.ts";
import { COMPLETE, KEK, scratchFolder } from "../environment.ts";

const TWO = {
  SELF_CONTAINED_AES_KEYS: "1=env:KEK,2=env:KEK2",
  SELF_CONTAINED_AES_ACTIVE_VERSION: "1",
};
const KEK2 = Buffer.alloc(32, 2).toString("base64");

describe("s3eg keys", () => {
  it("lists versions and changes what they may do, for good", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, ...TWO, KEK2, DATA_DIR: scratch.folder };
    assert.match(await keys(["list"], env), /^active +aes +1 +[0-9a-f]{16} .*\nreadable +aes +2 /m);
    await keys(["rotate", "2"], env);
    const list = await keys(["retire", "--force", "1"], env);
    assert.match(list, /^retired +aes +1 .*\nactive +aes +2 /m);
    assert.ok(!list.includes(KEK) && !list.includes(KEK2));
    assert.match(await keys(["check"], env), /can wrap and unwrap\n$/);
    await assert.rejects(keys(["retire", "--force", "2"], env), { code: "input.invalid" });
    assert.match(await keys(["restore", "1"], env), /^readable +aes +1 /m);
  });

  it("retires nothing that objects are known to need, or of which nobody looked, unless it must", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, ...TWO, KEK2, DATA_DIR: scratch.folder };
    await keys(["rotate", "2"], env);
    const retire = (...args: string[]) => keys(["retire", ...args, "1"], env);
    await assert.rejects(retire(), { code: "input.invalid", message: /rewrap --dry-run BUCKET/ });
    const startedAt = new Date().toISOString();
    const report = { bucket: "photos", prefix: "", startedAt };
    writeRewrapReport(scratch.folder, { ...report, needs: { "aes 1 aes": 3 } });
    await assert.rejects(retire(), { message: /photos: 3 need it.*--force retires it/s });
    writeRewrapReport(scratch.folder, { ...report, needs: { "aes 2 aes": 3 } });
    assert.match(await retire(), /^retired +aes +1 .*no object needs it in photos .*not known/ms);
    await keys(["restore", "1"], env);
    writeRewrapReport(scratch.folder, { ...report, needs: { "?": 1 } });
    await assert.rejects(retire(), { code: "input.invalid" });
    assert.match(await retire("--force"), /^retired +aes +1 /m);
  });

  it("refuses a wrong command line", async () => {
    for (const args of [
      [],
      ["rotate"],
      ["rotate", "two"],
      ["list", "1"],
      ["retire", "1", "2"],
      ["rotate", "--force", "1"],
      ["list", "--force"],
      ["list", "--other"],
    ]) {
      await assert.rejects(keys(args, COMPLETE), { code: "input.invalid", message: /usage/ });
    }
  });
});

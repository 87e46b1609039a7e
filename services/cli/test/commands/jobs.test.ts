import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jobs } from "../../src/commands/jobs.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

describe("s3eg jobs", () => {
  it("begins, lists, shows and steers jobs, by an id or its beginning", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, DATA_DIR: scratch.folder };
    const call = (...args: string[]) => jobs(args, env);
    assert.equal(await call("list"), "no jobs\n");
    const begun = await call(
      "start",
      "rewrap",
      "--all",
      "--prefix",
      "a/",
      "one-bucket",
      "two-bucket",
    );
    assert.match(
      begun,
      /^\S{36} rewrap --prefix "a\/": waiting\n {2}begun .*\n {2}one-bucket: no objects\n/,
    );
    const id = begun.slice(0, 36);
    assert.match(
      await call("list"),
      new RegExp(`^${id} waiting   .* rewrap one-bucket two-bucket\n$`),
    );
    assert.match(await call("pause", id.slice(0, 6)), /: paused\n/);
    await assert.rejects(call("pause", id), { exitCode: 1 });
    assert.match(await call("cancel", id), /: cancelled\n {2}begun .*, ended /);
    await assert.rejects(call("show", "zzz"), { exitCode: 3 });
    await call("start", "verify", "one-bucket");
    await assert.rejects(call("show", ""), { code: "input.invalid" });
  });

  it("refuses a wrong command line, and an unseal that is not confirmed", async () => {
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, DATA_DIR: scratch.folder };
    for (const args of [
      [],
      ["list", "x"],
      ["start", "dance", "b"],
      ["hold", "x"],
      ["show", "a", "b"],
    ]) {
      await assert.rejects(
        jobs(args, env),
        { code: "input.invalid", message: /usage/ },
        args.join(),
      );
    }
    await assert.rejects(jobs(["start", "unseal", "one-bucket"], env), /plaintext/);
    assert.match(
      await jobs(["start", "unseal", "--confirm", "one-bucket"], env),
      /unseal: waiting/,
    );
  });
});

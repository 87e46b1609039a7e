import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { JobSeal } from "../../src/jobs/job-seal.ts";
import { aJob } from "./kept-jobs.ts";

const seal = (fill: number, place = "here") =>
  new JobSeal(new Secret<Uint8Array>(Buffer.alloc(32, fill)), place);
const jobs = { number: 3, jobs: [aJob()] };

describe("JobSeal", () => {
  it("opens what a holder of the secret has signed for the same place, and nothing else", () => {
    const signed = seal(1).sign(jobs);
    assert.deepEqual(seal(1).open(signed), jobs);
    assert.equal(seal(2).open(signed), undefined);
    assert.equal(seal(1, "there").open(signed), undefined);
    assert.equal(seal(1).open(Buffer.from("no json")), undefined);
  });

  it("does not open anything of which a byte was changed", () => {
    const text = seal(1).sign(jobs).toString();
    for (const [from, to] of [
      ["verify", "unseal"],
      ['"number":3', '"number":4'],
      ['"one"', '"all"'],
      ['"isDry":false', '"isDry":true'],
      ["waiting", "running"],
    ] as const) {
      assert.ok(text.includes(from), from);
      assert.equal(seal(1).open(Buffer.from(text.replace(from, to))), undefined, from);
    }
  });

  it("proves nothing without a secret, in a folder of this host", () => {
    const open = new JobSeal(undefined, "here");
    assert.deepEqual(open.open(open.sign(jobs)), jobs);
    assert.equal(seal(1).open(open.sign(jobs)), undefined);
  });
});

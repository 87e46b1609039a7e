import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { JobWish } from "@s3eg/shared/contracts/jobs.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { openJobBook, openJobList } from "../../src/jobs/configured-job-list.ts";
import { MemoryKeptValue } from "./kept-jobs.ts";

it("a tool and a gateway have one list, in a folder or shared", async () => {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-jobs-"));
  const secret = new Secret<Uint8Array>(Buffer.alloc(32, 1));
  const shared = { value: new MemoryKeptValue(), name: "s3eg-jobs", secret };
  for (const [name, place] of [
    ["alone", undefined],
    ["shared", shared],
  ] as const) {
    const book = openJobBook(join(folder, name), place);
    const wish = JobWish.parse({ kind: "verify", buckets: ["abc"] });
    const { id } = await book.begin(wish);
    const list = openJobList(join(folder, `${place ? "other" : name}`), place);
    assert.equal((await list.find(id))?.by, "cli");
    const answer = await book.steer(id, "cancel");
    assert.ok("job" in answer);
    assert.equal((await list.find(id))?.status, "cancelled");
    assert.equal((await book.read()).length, 1);
  }
  await rm(folder, { recursive: true });
});

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { GENESIS, linkLines } from "../../src/chain/chain.ts";
import { ChainKey } from "../../src/chain/chain-key.ts";
import { readHead } from "../../src/chain/head-file.ts";
import { filesOfTrail, verifyTrail } from "../../src/chain/verify-trail.ts";
import { eventLine, trailFolder } from "./trail-folder.ts";

const LINES = 30;

/** A whole trail of 30 lines, three to a file. */
async function wholeTrail() {
  const trail = await trailFolder();
  const sink = await trail.open(900);
  for (let n = 1; n <= LINES; n++) await sink.write([eventLine(n)]);
  await sink.settle();
  const { key, state, path } = trail;
  const files = (await filesOfTrail(path)).sort();
  assert.ok(files.length > 4);
  // `events` itself sorts first and was written last.
  const inOrder = [...files.slice(1), files[0] ?? ""];
  return {
    ...trail,
    files: inOrder,
    verify: async (more: { from?: number; noted?: { seq: number; mac: string }[] } = {}) =>
      await verifyTrail(await filesOfTrail(path), key, {
        head: await readHead(state, key),
        ...more,
      }),
    edit: async (file: string, change: (lines: string[]) => string[]) => {
      const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
      await writeFile(
        file,
        change(lines)
          .map((line) => `${line}\n`)
          .join(""),
      );
    },
  };
}

const kindsOf = ({ findings }: { findings: readonly { kind: string }[] }) =>
  findings.map(({ kind }) => kind);

describe("verifyTrail", () => {
  it("finds nothing in a whole trail, whatever its files are called", async () => {
    await using trail = await wholeTrail();
    const { lines, last, findings, files } = await trail.verify();
    assert.deepEqual([lines, last.seq, findings], [LINES, LINES, []]);
    assert.deepEqual(files, trail.files);
  });

  it("finds a line that was removed", async () => {
    await using trail = await wholeTrail();
    await trail.edit(trail.files[1] ?? "", ([first = "", , ...rest]) => [first, ...rest]);
    const report = await trail.verify();
    assert.deepEqual(kindsOf(report), ["missing"]);
    assert.match(report.findings[0]?.says ?? "", /: 1 lines before it are missing/);
  });

  it("finds a line that was edited, and says which", async () => {
    await using trail = await wholeTrail();
    const [, file = ""] = trail.files;
    await trail.edit(file, ([first = "", ...rest]) => [
      first.replace("event_id", "event-id"),
      ...rest,
    ]);
    const report = await trail.verify();
    assert.deepEqual(kindsOf(report), ["altered"]);
    assert.ok(report.findings[0]?.says.startsWith(`${file}:1: `));
  });

  it("finds the last lines dropped", async () => {
    await using trail = await wholeTrail();
    await trail.edit(trail.path, (lines) => lines.slice(0, -1));
    const report = await trail.verify();
    assert.deepEqual(kindsOf(report), ["cut"]);
    assert.match(report.findings[0]?.says ?? "", /the last 1 lines/);
  });

  it("finds a whole file gone: the first, one in the middle, the last, all", async () => {
    for (const [index, kind] of [
      [0, "missing"],
      [2, "missing"],
      [-1, "cut"],
    ] as const) {
      await using trail = await wholeTrail();
      await rm(trail.files.at(index) ?? "");
      assert.deepEqual(kindsOf(await trail.verify()), [kind], String(index));
    }
    await using trail = await wholeTrail();
    for (const file of trail.files) await rm(file);
    assert.deepEqual(kindsOf(await trail.verify()), ["cut"]);
  });

  it("finds a trail that was chained anew: without the key, and by who copied lines from elsewhere", async () => {
    await using trail = await wholeTrail();
    const stranger = new ChainKey(new Secret(new Uint8Array(32)));
    const { text } = linkLines([eventLine("forged")], GENESIS, stranger);
    for (const file of trail.files.slice(1)) await rm(file);
    await writeFile(trail.files[0] ?? "", text);
    assert.deepEqual(kindsOf(await trail.verify()), ["altered", "cut"]);
  });

  it("finds a trail rewritten with the key, by its head or by one that was noted down", async () => {
    await using trail = await wholeTrail();
    const first = await readFile(trail.files[0] ?? "", "utf8");
    const { mac } = JSON.parse(first.split("\n")[0] ?? "") as { mac: string };
    for (const file of trail.files) await rm(file);
    const lines = Array.from({ length: LINES }, (_, n) => eventLine(`forged${n}`));
    const { text, last } = linkLines(lines, GENESIS, trail.key);
    await writeFile(trail.path, text);
    assert.deepEqual(kindsOf(await trail.verify()), ["forked"]);
    const rewritten = { head: last, noted: [{ seq: 1, mac }] };
    assert.deepEqual(kindsOf(await verifyTrail([trail.path], trail.key, rewritten)), ["forked"]);
  });

  it("finds lines that are there twice or were moved", async () => {
    await using trail = await wholeTrail();
    await trail.edit(trail.path, (lines) => [...lines, lines[0] ?? ""]);
    assert.deepEqual(kindsOf(await trail.verify()), ["repeated"]);
    await using moved = await wholeTrail();
    await moved.edit(moved.files[0] ?? "", ([a = "", b = "", ...rest]) => [b, a, ...rest]);
    assert.deepEqual(kindsOf(await moved.verify()), ["missing", "repeated"]);
  });

  it("does not call a trail whole that has no head", async () => {
    await using trail = await wholeTrail();
    const report = await verifyTrail(trail.files, trail.key, { head: undefined });
    assert.deepEqual(kindsOf(report), ["headless"]);
  });

  it("begins where it is told to", async () => {
    await using trail = await wholeTrail();
    const { seq } = JSON.parse(
      (await readFile(trail.files[1] ?? "", "utf8")).split("\n")[0] ?? "",
    ) as { seq: number };
    await rm(trail.files[0] ?? "");
    assert.deepEqual(kindsOf(await trail.verify({ from: seq })), []);
  });
});

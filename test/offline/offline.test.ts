import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";

const PROGRAM = join(import.meta.dirname, "decrypt-all.ts");
/** A network namespace of its own, which has a loopback that is down and nothing else. */
const CUT_OFF = ["-r", "-n"];
const isCutOff = spawnSync("unshare", [...CUT_OFF, "true"]).status === 0;

interface Opened {
  readonly name: string;
  readonly sha256: string;
  readonly opened: string;
}

describe("s3eg decrypt where there is no network", () => {
  it("opens every object of format 1 and every suite and layout of format 2, also under keys exported from their stores", {
    skip: isCutOff ? false : "NOT TESTED: `unshare -r -n` can't be run here",
  }, async () => {
    const args = [...CUT_OFF, process.execPath, PROGRAM];
    const { stdout } = await promisify(execFile)("unshare", args, { maxBuffer: 1 << 26 });
    const [first = "", ...lines] = stdout.trimEnd().split("\n");
    assert.deepEqual(JSON.parse(first), { interfaces: [] });
    const cases = lines.map((line) => JSON.parse(line) as Opened);
    assert.deepEqual(
      cases.filter(({ sha256, opened }) => opened !== sha256),
      [],
    );
    const count = (part: string) => cases.filter(({ name }) => name.includes(part)).length;
    assert.ok(count("format 1") > 170, `${count("format 1")}`);
    for (const kind of [
      "format 2 suite 1",
      "format 2 suite 2",
      "parts",
      "of kmip",
      "of pkcs11",
      "of transit",
    ]) {
      assert.ok(count(kind) > 2, kind);
    }
  });
});

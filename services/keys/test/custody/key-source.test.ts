import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readKeySource } from "../../src/custody/key-source.ts";

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));
const base64 = key.toString("base64");
const folder = mkdtempSync(join(tmpdir(), "key-source-"));

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return `file:${join(folder, name)}`;
}

function read(source: string, env = {}): Buffer {
  return Buffer.from(readKeySource(new Secret(source), "version 1", env).reveal());
}

describe("readKeySource", () => {
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, source] of [
    ["a variable with base64", "env:KEK"],
    ["a variable with hex", "env:KEK_HEX"],
    ["base64 in place", `base64:${base64}`],
    ["base64 with white space around it", ` base64: ${base64}\n`],
    ["a file with base64 and a newline", file("base64", `${base64}\n`)],
    ["a file with hex", file("hex", key.toString("hex"))],
    ["a file with the bytes themselves", file("raw", key)],
  ] as const) {
    it(`reads ${what}`, () => {
      const env = { KEK: ` ${base64}\n`, KEK_HEX: key.toString("hex") };
      assert.deepEqual(read(source, env), key);
    });
  }

  for (const [what, source] of [
    ["a variable that is not set", "env:NONE"],
    ["a key without a prefix", base64],
    ["31 bytes", `base64:${key.subarray(1).toString("base64")}`],
    ["no base64", "base64:it is a secret"],
    ["a pass phrase of 32 characters", file("phrase", "correct horse battery staple 123")],
    ["a key of zeros", `base64:${Buffer.alloc(32).toString("base64")}`],
    ["a file that is not there", `file:${join(folder, "nothing")}`],
  ] as const) {
    it(`refuses ${what} without quoting it`, () => {
      assert.throws(
        () => read(source),
        (error) => {
          assert.ok(isFault(error, "config.invalid"));
          assert.ok(error.message.startsWith("version 1: "));
          assert.ok(!error.message.includes(base64) && !error.message.includes("secret"));
          return true;
        },
      );
    });
  }
});

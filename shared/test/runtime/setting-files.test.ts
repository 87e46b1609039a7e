import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readSettingFiles, unreadableFile } from "../../src/runtime/setting-files.ts";

const scratch = mkdtempSync(join(tmpdir(), "s3eg-files-"));
const file = join(scratch, "ca.pem");
writeFileSync(file, "PEM");
after(() => rmSync(scratch, { recursive: true }));

describe("readSettingFiles", () => {
  it("reads what is named, in its order", async () => {
    const files = { key_file: undefined, ca_file: file };
    assert.deepEqual(await readSettingFiles("tls", files), [undefined, Buffer.from("PEM")]);
  });

  it("names the setting of every file that can't be read", async () => {
    const files = { ca_file: "/no/ca", cert_file: file, key_file: scratch };
    await assert.rejects(readSettingFiles("service.tls", files), {
      code: "config.invalid",
      message: `service.tls.ca_file: /no/ca can't be read (ENOENT)
service.tls.key_file: ${scratch} can't be read (EISDIR)`,
    });
  });
});

describe("unreadableFile", () => {
  it("keeps why, and says so where the system has a name for it", () => {
    const cause = new Error("secret");
    const fault = unreadableFile("tls.key_file", "/key", cause);
    assert.equal(fault.message, "tls.key_file: /key can't be read (unknown)");
    assert.deepEqual([fault.code, fault.cause], ["config.invalid", cause]);
  });
});

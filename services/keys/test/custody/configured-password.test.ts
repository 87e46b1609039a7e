import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  configuredPassword,
  configuredPasswordReader,
  configuredPasswords,
} from "../../src/custody/configured-password.ts";
import { load } from "../config/read-settings.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";

const scratch = mkdtempSync(join(tmpdir(), "passwords-"));
const file = join(scratch, "password");
writeFileSync(file, "from a file, with a newline\n");
after(() => rmSync(scratch, { recursive: true }));

const read = async (settings: Record<string, string>, env = {}) => {
  const passwords = await configuredPasswords({ config: load(settings), env });
  return [...passwords].map(([version, each]) => [version, Buffer.from(each.reveal()).toString()]);
};

describe("configuredPasswords", () => {
  it("reads the password and the former ones", async () => {
    const settings = {
      ENCRYPTION_PASSWORD: "correct horse battery",
      ENCRYPTION_PASSWORD_VERSION: "3",
      ENCRYPTION_FORMER_PASSWORDS: `1=env:OLD,2=file:${file}`,
    };
    assert.deepEqual(await read(settings, { OLD: "an old password" }), [
      [3, "correct horse battery"],
      [1, "an old password"],
      [2, "from a file, with a newline\n"],
    ]);
  });

  it("reads a key file as it is", async () => {
    const bytes = [[1, "from a file, with a newline\n"]];
    assert.deepEqual(await read({ ENCRYPTION_KEY_FILE: file }), bytes);
  });

  it("names everything that is no password, and quotes none", async () => {
    const settings = {
      ENCRYPTION_PASSWORD: "hunter2",
      ENCRYPTION_FORMER_PASSWORDS: "2=env:NONE,3=env:SHORT",
    };
    await assert.rejects(read(settings, { SHORT: "hunter3" }), (error) => {
      assert.ok(is("config.invalid")(error) && error instanceof Error);
      const { message } = error;
      assert.match(message, /ENCRYPTION_PASSWORD.*12 bytes\n.*version 2.*NONE.*\n.*version 3/);
      assert.doesNotMatch(message, /hunter/);
      return true;
    });
    await assert.rejects(read({ ENCRYPTION_KEY_FILE: "/nowhere/k" }), is("config.invalid"));
  });
});

describe("configuredPassword", () => {
  const parts = { config: load({ ENCRYPTION_PASSWORD: "correct horse battery" }), env: {} };

  it("opens a custodian that writes under the number of the password", async () => {
    const folder = join(scratch, "keys");
    await using custodian = await configuredPassword({ ...parts, folder, log });
    await custodian.start();
    assert.equal(custodian.activeKey.keyVersion, 1);
    assert.match(custodian.activeKey.keyId, /^pbkdf2-sha256:600000:/);
  });

  it("opens one that only reads and leaves nothing behind", async () => {
    const folder = join(scratch, "unused");
    await using reader = await configuredPasswordReader({ ...parts, folder, log });
    await reader.start();
    assert.ok(!("activeKey" in reader));
  });
});

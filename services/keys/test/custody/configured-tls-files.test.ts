import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { readTlsFiles } from "../../src/custody/configured-tls-files.ts";

const scratch = mkdtempSync(join(tmpdir(), "tls-"));
const file = join(scratch, "ca.pem");
writeFileSync(file, "PEM");
after(() => rmSync(scratch, { recursive: true }));

describe("readTlsFiles", () => {
  it("reads what is named", async () => {
    const tls = await readTlsFiles({ ca_cert: file, insecure_skip_verify: true }, "x");
    assert.deepEqual(tls, {
      ca: Buffer.from("PEM"),
      cert: undefined,
      key: undefined,
      verifies: false,
    });
  });

  it("names every file that is not there", async () => {
    const files = {
      ca_cert: "/no/ca",
      client_cert: file,
      client_key: "/no/key",
      insecure_skip_verify: false,
    };
    await assert.rejects(readTlsFiles(files, "section.tls"), (error) => {
      assert.ok(isFault(error, "config.invalid"));
      assert.match(error.message, /section\.tls\.ca_cert: \/no\/ca.*\n.*client_key: \/no\/key/);
      return true;
    });
  });
});
